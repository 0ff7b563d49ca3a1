"""Gateway of laboratories' messages: from what a laboratory sends to an item of the feed or of the staff's inbox.

1. Channels: messages_api (HTTP), mllp (TCP), folder.
2. transmissions: stores what came, before it is acknowledged.
3. messages: reads HL7 v2, FHIR and CSV.
4. codes, matching: what an observation means, and to which sample it belongs; decisions: what becomes of it.
5. inbox: runs 3 and 4 on what is stored; staff_decisions, inbox_api: what staff decide where no rule does.
"""
