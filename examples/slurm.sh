#!/usr/bin/env bash
# Prepares a corpus with a Slurm array of several tasks; the parts join to the bytes that one machine would have written.
#   sbatch --array=0-15 examples/slurm.sh corpus/ out.arrow
#   sbatch --dependency=afterok:<job> --wrap "mlm merge out.part-*-of-00016.arrow out.arrow"
#SBATCH --cpus-per-task=4
#SBATCH --requeue
set -euo pipefail

# --resume goes on where a requeued task stopped; the first time there is nothing to go on from.
# A task of several writes a part, an only task the whole.
written=$2
if [ "$SLURM_ARRAY_TASK_COUNT" -gt 1 ]; then
  rank=$(((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN) / ${SLURM_ARRAY_TASK_STEP:-1}))
  written=$(printf '%s.part-%05d-of-%05d.arrow' "${2%.arrow}" "$rank" "$SLURM_ARRAY_TASK_COUNT")
fi
resume=()
[ -d "$written.partial" ] && resume=(--resume)
mlm preprocess "$1" "$2" --rank slurm-array --workers "${SLURM_CPUS_PER_TASK:-1}" "${resume[@]}"
