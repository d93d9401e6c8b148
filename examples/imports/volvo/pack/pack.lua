-- Incidents of a car maker's IT desk, moved by hand through the support lines. Played from a log by examples/imports/volvo/replay.py.
pack { base = "default", name = "volvo", version = "1", zone = "Europe/Stockholm", zh = "IT事件", en = "IT incidents" }
