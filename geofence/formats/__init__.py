"""Zone files of other systems, in and out: KML, ED-269, ED-318, QGroundControl plans."""
