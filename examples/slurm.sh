#!/usr/bin/env bash
# Prepares a corpus with a Slurm array of several tasks; the parts join to the bytes that one machine would have written.
#   sbatch --array=0-15 examples/slurm.sh corpus/ out.arrow
#   sbatch --dependency=afterok:<job> --wrap "mlm merge out.part-*-of-00016.arrow out.arrow"
#SBATCH --cpus-per-task=4
#SBATCH --requeue
set -euo pipefail

# --resume goes on where a requeued task stopped; the first time there is nothing to go on from.
part=$(printf '%s.part-%05d-of-%05d.arrow.partial' "${2%.arrow}" \
  $(((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN) / ${SLURM_ARRAY_TASK_STEP:-1})) "$SLURM_ARRAY_TASK_COUNT")
resume=()
[ -d "$part" ] && resume=(--resume)
mlm preprocess "$1" "$2" --rank slurm-array --workers "${SLURM_CPUS_PER_TASK:-1}" "${resume[@]}"
