#!/usr/bin/env node
import '@mlm/cli/bin/mlm.js';
