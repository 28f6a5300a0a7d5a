"""Prints what TensorBoard finds in a folder, as JSON: scalars (tag → [[step, value], …]) and hparams (name → value).

Run with -I: the lane's folder `tensorflow/` must not pass for the module that TensorBoard looks for.
"""

import json
import sys

from google.protobuf.json_format import MessageToDict
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata

events = EventAccumulator(sys.argv[1]).Reload()
scalars = {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
start = events.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
hparams = MessageToDict(metadata.parse_session_start_info_plugin_data(start))["hparams"]
print(json.dumps({"scalars": scalars, "hparams": hparams}))
