#!/usr/bin/env node
require('@mlm/cli/bin/mlm.js');
