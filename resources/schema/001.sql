-- The history of chats, first version. Each statement ends with a semicolon before an empty line; the
-- number of a file is the user_version after it. Numbers of chats, turns and folders come from
-- ConversationBook::newId(), times are ms since 1970 in UTC.

CREATE TABLE state (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE folders (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  position INTEGER NOT NULL
);

CREATE TABLE conversations (
  id INTEGER PRIMARY KEY,
  title TEXT NOT NULL,              -- given by the user; empty: the heading
  heading TEXT NOT NULL,            -- from the first question
  media INTEGER NOT NULL,           -- of the first question: -1 none, 0 picture, 1 film
  folder INTEGER NOT NULL,          -- 0: none
  pinned INTEGER NOT NULL,
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  removed INTEGER NOT NULL DEFAULT 0 -- can still be put back; gone at the next start
);

CREATE TABLE turns (
  id INTEGER PRIMARY KEY,
  conversation INTEGER NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  parent INTEGER NOT NULL,          -- the turn it goes on from; 0: the first
  chosen INTEGER NOT NULL,          -- the one among its siblings that is shown
  created INTEGER NOT NULL,
  state INTEGER NOT NULL,           -- 0 to 2 running, 3 finished, 4 failed, 5 interrupted
  model TEXT NOT NULL,
  question TEXT NOT NULL,
  thinking TEXT NOT NULL,
  answer TEXT NOT NULL,
  details TEXT NOT NULL             -- JSON: options, numbers, failure
);

CREATE INDEX turns_of_conversation ON turns(conversation);

CREATE TABLE media (
  sha256 TEXT PRIMARY KEY,
  bytes INTEGER NOT NULL,
  copy TEXT NOT NULL                -- file name in the folder named by the sum; empty: not copied
);

CREATE TABLE turn_media (
  turn INTEGER NOT NULL REFERENCES turns(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  path TEXT NOT NULL,               -- where it was when it was sent
  sha256 TEXT REFERENCES media(sha256), -- null: not read yet
  details TEXT NOT NULL,            -- JSON: kind, size, frames
  thumbnail BLOB,
  PRIMARY KEY (turn, position)
);

CREATE INDEX turn_media_of_media ON turn_media(sha256);

-- Pieces of three characters, so that any part of a word is found, and words of scripts without spaces.
CREATE VIRTUAL TABLE words USING fts5(
  question, answer, content='turns', content_rowid='id', tokenize='trigram'
);

CREATE TRIGGER turns_added AFTER INSERT ON turns BEGIN
  INSERT INTO words(rowid, question, answer) VALUES (new.id, new.question, new.answer);
END;

CREATE TRIGGER turns_gone AFTER DELETE ON turns BEGIN
  INSERT INTO words(words, rowid, question, answer) VALUES ('delete', old.id, old.question, old.answer);
END;

CREATE TRIGGER turns_written AFTER UPDATE ON turns
WHEN old.question <> new.question OR old.answer <> new.answer BEGIN
  INSERT INTO words(words, rowid, question, answer) VALUES ('delete', old.id, old.question, old.answer);
  INSERT INTO words(rowid, question, answer) VALUES (new.id, new.question, new.answer);
END;
