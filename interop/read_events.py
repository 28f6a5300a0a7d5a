"""Prints the scalars that TensorBoard finds in a folder, as JSON: tag → [[step, value], …].

Run with -I: the lane's folder `tensorflow/` must not pass for the module that TensorBoard looks for.
"""

import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

events = EventAccumulator(sys.argv[1]).Reload()
found = {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
print(json.dumps(found))
