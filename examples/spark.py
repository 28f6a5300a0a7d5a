"""Text in a Spark table becomes rows of masked tokens, a stream per partition.

    spark-submit --py-files examples/mlm_stream.py examples/spark.py documents.parquet rows.parquet
"""

import sys

from mlm_stream import preprocess
from pyspark import TaskContext
from pyspark.sql import DataFrame, SparkSession


def mask(batches):
    # The streams of one seed draw the same masks, but for their numbers.
    number = TaskContext.get().partitionId()
    yield from preprocess(batches, "text", f"--sequence-length 128 --stream-number {number}")


def masked(documents: DataFrame) -> DataFrame:
    """Rows of masked tokens from a column `text`."""
    return documents.select("text").mapInArrow(
        mask, "input_ids array<int>, labels array<int>, attention_mask array<tinyint>"
    )


if __name__ == "__main__":
    spark = SparkSession.builder.appName("mlm").getOrCreate()
    masked(spark.read.parquet(sys.argv[1])).write.parquet(sys.argv[2])
