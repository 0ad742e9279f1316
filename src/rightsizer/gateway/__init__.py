"""The gateway: the front door of an agent. It records every call and never stands in the way.

    client ─► protocol ─► exchange ─► upstream          bytes, unbuffered
                             │  └──► routing            student or LLM
                             └─────► segments ─► indexer ─► the store

Start it with `rightsizer.gateway.serve.serve`; the pipeline gives it its routes.
"""
