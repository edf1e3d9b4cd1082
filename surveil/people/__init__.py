"""Finding people: boxes in frames, tracks over frames, the best crops of a track."""

from surveil.offline import keep_ultralytics_offline

keep_ultralytics_offline()
