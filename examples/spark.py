"""Text in a Spark table becomes rows of masked tokens, a stream per partition.

    spark-submit --py-files examples/mlm_stream.py examples/spark.py documents.parquet rows.parquet
"""

import sys

from mlm_stream import preprocess
from pyspark import TaskContext
from pyspark.sql import SparkSession


def mask(batches):
    # Each partition is a stream of its own: without a seed of its own it would draw the same masks as the others.
    partition = TaskContext.get().partitionId()
    yield from preprocess(batches, "text", f"--sequence-length 128 --seed {partition}")


spark = SparkSession.builder.appName("mlm").getOrCreate()
rows = spark.read.parquet(sys.argv[1]).select("text").mapInArrow(
    mask, "input_ids array<int>, labels array<int>, attention_mask array<tinyint>"
)
rows.write.parquet(sys.argv[2])
