"""S2: what may be learned from, and nothing else.

curate            sets unusable calls aside, each with its reason, and counts them in a funnel
mask              replaces secrets and personal values by placeholders, and puts them back
pii, recognizers  finds those values, in English and Chinese
near_duplicates   groups texts that differ in a few words only
"""
