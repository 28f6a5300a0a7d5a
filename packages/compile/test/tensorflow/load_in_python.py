"""python load_in_python.py FOLDER: runs the signature of a SavedModel twice, prints its outputs as JSON."""

import json
import sys

import tensorflow as tf

run = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
results = [run(x=tf.constant([1.0, 2.0])) for _ in range(2)]
print(json.dumps([{name: value.numpy().tolist() for name, value in result.items()} for result in results]))
