"""Record an agent's calls from inside its process, without a gateway: the same records in the same store.

    from rightsizer.listener import Listener

    with Listener("~/my-agent") as listener:
        client = listener.wrap(openai.OpenAI())      # or AsyncOpenAI, Anthropic, AsyncAnthropic, httpx
        complete = listener.recorded(my_complete)    # or any function of model and messages

What the wrapped thing gives back is what it would give without us, and whatever fails here fails in silence
but for one line in the log.
"""

from rightsizer.listener.listener import Listener

__all__ = ["Listener"]
