// SPDX-License-Identifier: Apache-2.0
#include "lib/store/schema.hpp"

namespace godwit::store {
namespace {

// Ids are blobs of 16 bytes (messages, conversations) or 32 (devices, keys). Times are milliseconds since 1970 UTC.
// Numbers of enums are those of the public headers. Messages have an integer key of their own, `arrival`: the order in
// which events go to the application, and what the index of the history refers to.
constexpr char step_1[] = R"sql(
CREATE TABLE identity(
  one INTEGER PRIMARY KEY CHECK(one = 1),
  relay TEXT NOT NULL,
  user TEXT NOT NULL,
  account_key BLOB NOT NULL,
  account_seed BLOB NOT NULL,
  device BLOB NOT NULL,
  device_seed BLOB NOT NULL,
  certificate BLOB NOT NULL,
  device_list BLOB NOT NULL,
  logged_in INTEGER NOT NULL
) STRICT;

CREATE TABLE value(
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT;

CREATE TABLE contact(
  user TEXT PRIMARY KEY,
  state INTEGER NOT NULL,
  account_key BLOB NOT NULL,
  shown_account_key BLOB NOT NULL,
  device_list BLOB NOT NULL,
  verified INTEGER NOT NULL
) STRICT;

CREATE TABLE message(
  arrival INTEGER PRIMARY KEY,
  conversation BLOB NOT NULL,
  id BLOB NOT NULL,
  hlc_ms INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  with_user TEXT NOT NULL,
  from_user TEXT NOT NULL,
  from_device BLOB NOT NULL,
  text TEXT NOT NULL,
  raw BLOB NOT NULL,
  sent_ms INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  state INTEGER NOT NULL,
  path INTEGER NOT NULL,
  path_reason TEXT NOT NULL,
  failure TEXT NOT NULL,
  gap_before INTEGER NOT NULL,
  send_key TEXT,
  notified INTEGER NOT NULL
) STRICT;
-- By id alone: ids are random, so this index is written all over, and half the bytes are half the pages of a commit.
-- add_message keeps (id, conversation) unique.
CREATE INDEX message_id ON message(id);
CREATE INDEX message_order ON message(conversation, hlc_ms, id);
CREATE INDEX message_unnotified ON message(arrival) WHERE notified = 0 AND state = 0;
CREATE UNIQUE INDEX message_send_key ON message(conversation, send_key) WHERE send_key IS NOT NULL;

CREATE TABLE head(
  conversation BLOB PRIMARY KEY,
  heads BLOB NOT NULL -- each: id (16), hlc_ms (8, big-endian)
) STRICT;

CREATE TABLE held(
  conversation BLOB NOT NULL,
  id BLOB NOT NULL,
  hlc_ms INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  with_user TEXT NOT NULL,
  from_user TEXT NOT NULL,
  from_device BLOB NOT NULL,
  text TEXT NOT NULL,
  raw BLOB NOT NULL,
  sent_ms INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  state INTEGER NOT NULL,
  path INTEGER NOT NULL,
  path_reason TEXT NOT NULL,
  failure TEXT NOT NULL,
  gap_before INTEGER NOT NULL,
  send_key TEXT,
  notified INTEGER NOT NULL,
  parents BLOB NOT NULL, -- 16 bytes each
  held_since_ms INTEGER NOT NULL,
  PRIMARY KEY(conversation, id)
) STRICT;

-- Devices whose messages were seen, by a small number, for the same reason.
CREATE TABLE sender(
  number INTEGER PRIMARY KEY,
  device BLOB NOT NULL UNIQUE
) STRICT;
CREATE TABLE seen(
  sender INTEGER NOT NULL,
  id BLOB NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY(sender, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_age ON seen(at_ms);

CREATE TABLE envelope(
  message BLOB PRIMARY KEY,
  conversation BLOB NOT NULL,
  accepted_ms INTEGER NOT NULL,
  incarnation INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  sealings INTEGER NOT NULL,
  content BLOB NOT NULL,
  sealed BLOB NOT NULL
) STRICT;

CREATE TABLE delivery(
  position INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: the outbox pages by it
  message BLOB NOT NULL,
  device BLOB NOT NULL,
  user TEXT NOT NULL,
  state INTEGER NOT NULL,
  accepted_ms INTEGER NOT NULL,
  stored_ms INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_message ON delivery(message);
CREATE INDEX delivery_open ON delivery(device, position) WHERE state < 2;
)sql";

// Conversations of posts (docs/adr/0030-posts.md). `message` and `held` are made anew, so that their rows have one
// form: what saves a damaged store (rescue.hpp) reads rows without their schema.
constexpr char step_2[] = R"sql(
CREATE TABLE message_2(
  arrival INTEGER PRIMARY KEY,
  conversation BLOB NOT NULL,
  id BLOB NOT NULL,
  hlc_ms INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  with_user TEXT NOT NULL,
  from_user TEXT NOT NULL,
  from_device BLOB NOT NULL,
  role INTEGER NOT NULL,
  text TEXT NOT NULL,
  extra BLOB NOT NULL,
  sent_ms INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  state INTEGER NOT NULL,
  path INTEGER NOT NULL,
  path_reason TEXT NOT NULL,
  failure TEXT NOT NULL,
  gap_before INTEGER NOT NULL,
  edited_ms INTEGER NOT NULL,
  recalled_ms INTEGER NOT NULL,
  recalled_by TEXT NOT NULL,
  expires_ms INTEGER NOT NULL,
  burn_seconds INTEGER NOT NULL,
  shown INTEGER NOT NULL,
  annotated INTEGER NOT NULL,
  send_key TEXT,
  notified INTEGER NOT NULL
) STRICT;
INSERT INTO message_2 SELECT arrival, conversation, id, hlc_ms, iif(kind = 1, 160, kind), with_user, from_user,
  from_device, 3, text, raw, sent_ms, received_ms, state, path, path_reason, failure, gap_before, 0, 0, '', 0, 0,
  iif(kind = 1, 1, 0), 0, send_key, notified FROM message;
DROP TABLE message;
ALTER TABLE message_2 RENAME TO message;
CREATE INDEX message_id ON message(id);
CREATE INDEX message_order ON message(conversation, hlc_ms, id) WHERE shown = 1;
CREATE INDEX message_unnotified ON message(arrival) WHERE notified = 0 AND state = 0;
CREATE UNIQUE INDEX message_send_key ON message(conversation, send_key) WHERE send_key IS NOT NULL;
CREATE INDEX message_expiry ON message(expires_ms) WHERE expires_ms > 0;
CREATE INDEX message_burning ON message(conversation, hlc_ms, id, state) WHERE burn_seconds > 0;

CREATE TABLE held_2(
  conversation BLOB NOT NULL,
  id BLOB NOT NULL,
  hlc_ms INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  with_user TEXT NOT NULL,
  from_user TEXT NOT NULL,
  from_device BLOB NOT NULL,
  role INTEGER NOT NULL,
  text TEXT NOT NULL,
  extra BLOB NOT NULL,
  sent_ms INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  state INTEGER NOT NULL,
  path INTEGER NOT NULL,
  path_reason TEXT NOT NULL,
  failure TEXT NOT NULL,
  gap_before INTEGER NOT NULL,
  edited_ms INTEGER NOT NULL,
  recalled_ms INTEGER NOT NULL,
  recalled_by TEXT NOT NULL,
  expires_ms INTEGER NOT NULL,
  burn_seconds INTEGER NOT NULL,
  shown INTEGER NOT NULL,
  annotated INTEGER NOT NULL,
  send_key TEXT,
  notified INTEGER NOT NULL,
  parents BLOB NOT NULL, -- 16 bytes each
  held_since_ms INTEGER NOT NULL,
  PRIMARY KEY(conversation, id)
) STRICT;
INSERT INTO held_2 SELECT conversation, id, hlc_ms, iif(kind = 1, 160, kind), with_user, from_user,
  from_device, 3, text, raw, sent_ms, received_ms, state, path, path_reason, failure, gap_before, 0, 0, '', 0, 0,
  iif(kind = 1, 1, 0), 0, send_key, notified, parents, held_since_ms FROM held;
DROP TABLE held;
ALTER TABLE held_2 RENAME TO held;

CREATE TABLE annotation(
  conversation BLOB NOT NULL,
  target BLOB NOT NULL, -- zero: the conversation itself
  name TEXT NOT NULL,
  author TEXT NOT NULL,
  hlc_ms INTEGER NOT NULL,
  id BLOB NOT NULL,
  value BLOB NOT NULL,
  role INTEGER NOT NULL,
  PRIMARY KEY(conversation, target, name, author)
) STRICT, WITHOUT ROWID;

CREATE TABLE register(
  name TEXT PRIMARY KEY,
  hlc_ms INTEGER NOT NULL,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE conversation(
  id BLOB PRIMARY KEY,
  kind INTEGER NOT NULL,
  with_user TEXT NOT NULL,
  activity_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO conversation SELECT conversation, 1, max(with_user), max(hlc_ms) FROM message WHERE shown = 1
  GROUP BY conversation;
)sql";

// A file is here as a row when a post refers to it or the user added it; its bytes lie in home/files under slot_name.
constexpr char step_files[] = R"sql(
CREATE TABLE file(
  id BLOB PRIMARY KEY,
  size_bytes INTEGER NOT NULL,
  name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  key BLOB NOT NULL,
  state INTEGER NOT NULL,
  slot_name BLOB NOT NULL, -- zero: nothing of it lies here
  slot_key BLOB NOT NULL,
  pieces BLOB NOT NULL,    -- a bit for each that is durable
  added_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX file_open ON file(state, added_ms) WHERE state < 4;
CREATE INDEX file_slot ON file(slot_name);

-- Posts that stand and refer to a file: the devices of their conversations may have it.
CREATE TABLE file_grant(
  file BLOB NOT NULL,
  conversation BLOB NOT NULL,
  post BLOB NOT NULL,
  author TEXT NOT NULL,
  mine INTEGER NOT NULL,
  served INTEGER NOT NULL,
  PRIMARY KEY(file, conversation, post)
) STRICT, WITHOUT ROWID;
CREATE INDEX file_grant_post ON file_grant(post);
CREATE INDEX file_grant_unserved ON file_grant(file) WHERE mine = 1 AND served = 0;
)sql";

// What stands otherwise since an archive was made (docs/adr/0034-archives.md): posts, and conversations (target zero).
constexpr char step_changed[] = R"sql(
CREATE TABLE changed(
  number INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: archives go on from it
  conversation BLOB NOT NULL,
  target BLOB NOT NULL,
  UNIQUE(conversation, target)
) STRICT;
INSERT INTO changed(conversation, target) SELECT DISTINCT conversation, target FROM annotation;
)sql";

// The index of the history (docs/adr/0033-search.md). What is not in it is found by reading it, so that the history
// that is there already comes into it bit by bit: `first + posts` of the last block is how far.
constexpr char step_search[] = R"sql(
CREATE TABLE search_block(
  first INTEGER PRIMARY KEY, -- arrival
  posts INTEGER NOT NULL,
  units INTEGER NOT NULL     -- version of the tokenizer
) STRICT;
CREATE TABLE search_chunk(
  block INTEGER NOT NULL,
  first BLOB NOT NULL,
  entries BLOB NOT NULL,
  PRIMARY KEY(block, first)
) STRICT, WITHOUT ROWID;
)sql";

// What the operator of the relay has said (docs/adr/0035-notices.md).
constexpr char step_notices[] = R"sql(
CREATE TABLE notice(
  id BLOB PRIMARY KEY,
  created_ms INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  withdrawn INTEGER NOT NULL,
  encoded BLOB NOT NULL
) STRICT;
CREATE INDEX notice_order ON notice(created_ms);
)sql";

// Size and key are what a post says of a file, not what the file is; who has it is known by account; and files take
// turns (docs/adr/0032-files.md). Both tables are made anew, so that their rows have one form.
constexpr char step_file_turns[] = R"sql(
CREATE TABLE file_2(
  id BLOB PRIMARY KEY,
  size_bytes INTEGER NOT NULL,
  name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  key BLOB NOT NULL,
  state INTEGER NOT NULL,
  slot_name BLOB NOT NULL, -- zero: nothing of it lies here
  slot_key BLOB NOT NULL,
  pieces BLOB NOT NULL,    -- a bit for each that is durable
  added_ms INTEGER NOT NULL,
  wanted_by TEXT NOT NULL, -- empty: the user asked for it
  wanted_ms INTEGER NOT NULL,
  turn INTEGER NOT NULL
) STRICT;
INSERT INTO file_2 SELECT id, size_bytes, name, media_type, key, state, slot_name, slot_key, pieces, added_ms, '',
  added_ms, 0 FROM file;
DROP TABLE file;
ALTER TABLE file_2 RENAME TO file;
CREATE INDEX file_open ON file(state, added_ms) WHERE state < 4;
CREATE INDEX file_slot ON file(slot_name);
CREATE INDEX file_asked ON file(turn, id) WHERE state = 2 AND wanted_by = '';
CREATE INDEX file_automatic ON file(turn, id) WHERE state = 2 AND wanted_by != '';
CREATE INDEX file_wanted_by ON file(wanted_by, state, size_bytes) WHERE wanted_by != '';

CREATE TABLE file_grant_2(
  file BLOB NOT NULL,
  conversation BLOB NOT NULL,
  post BLOB NOT NULL,
  author TEXT NOT NULL,
  mine INTEGER NOT NULL,
  served INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  key BLOB NOT NULL,
  posted_ms INTEGER NOT NULL,
  left_until_ms INTEGER NOT NULL,
  PRIMARY KEY(file, conversation, post)
) STRICT, WITHOUT ROWID;
INSERT INTO file_grant_2 SELECT g.file, g.conversation, g.post, g.author, g.mine, g.served, f.size_bytes, f.key,
  f.added_ms, 0 FROM file_grant AS g JOIN file AS f ON f.id = g.file;
DROP TABLE file_grant;
ALTER TABLE file_grant_2 RENAME TO file_grant;
CREATE INDEX file_grant_post ON file_grant(post);
CREATE INDEX file_grant_unserved ON file_grant(file) WHERE mine = 1 AND served = 0;
CREATE INDEX file_grant_left ON file_grant(left_until_ms) WHERE mine = 1 AND served = 0;

CREATE TABLE file_had(
  file BLOB NOT NULL,
  user TEXT NOT NULL,
  PRIMARY KEY(file, user)
) STRICT, WITHOUT ROWID;
)sql";

// What goes first, and what a device does not have the newest state of (lib/delivery). Rows of one form, as above.
constexpr char step_due[] = R"sql(
CREATE TABLE delivery_2(
  position INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: the outbox pages by it
  message BLOB NOT NULL,
  device BLOB NOT NULL,
  user TEXT NOT NULL,
  state INTEGER NOT NULL,
  accepted_ms INTEGER NOT NULL,
  stored_ms INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  conversation BLOB NOT NULL,
  urgent INTEGER NOT NULL
) STRICT;
INSERT INTO delivery_2 SELECT position, message, device, user, state, accepted_ms, stored_ms, size_bytes,
  ifnull((SELECT conversation FROM envelope WHERE envelope.message = delivery.message), zeroblob(16)), 0
  FROM delivery ORDER BY position;
DROP TABLE delivery;
ALTER TABLE delivery_2 RENAME TO delivery;
CREATE INDEX delivery_message ON delivery(message);
CREATE INDEX delivery_open ON delivery(device, position) WHERE state < 2;
CREATE INDEX delivery_urgent ON delivery(device, position) WHERE state < 2 AND urgent = 1;

CREATE TABLE due(
  device BLOB NOT NULL,
  name TEXT NOT NULL,
  message BLOB NOT NULL, -- zero: in no envelope
  PRIMARY KEY(device, name)
) STRICT, WITHOUT ROWID;
)sql";

// Whose receipt ends which names.
constexpr char step_due_in[] = R"sql(
CREATE INDEX due_message ON due(message, device) WHERE message != zeroblob(16);
)sql";

// A handful in a conversation, however much else was said about its posts.
constexpr char step_pins[] = R"sql(
CREATE INDEX annotation_pin ON annotation(conversation, target) WHERE name = 'pin';
)sql";

constexpr sqlite::Migration steps[] = {{step_1},       {step_2},          {step_files}, {step_changed}, {step_search},
                                       {step_notices}, {step_file_turns}, {step_due},   {step_due_in},  {step_pins}};

} // namespace

const sqlite::Schema& schema()
{
    static constexpr sqlite::Schema out{0x67647774 /* "gdwt" */, steps};
    return out;
}

} // namespace godwit::store
