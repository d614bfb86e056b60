-- How answers are made in each chat, as JSON; empty: nobody has chosen otherwise, or the chat is of before
-- this was kept.

ALTER TABLE conversations ADD COLUMN options TEXT NOT NULL DEFAULT '';
