// SPDX-License-Identifier: Apache-2.0
// FileRows: the part of the Store port that files stand on: what is known about each, and who may have it. Same
// transaction, same sticky errors as the rest (store.hpp). The bytes themselves are behind another door
// (file_store.hpp).
#pragma once

#include <godwit/file.hpp>

#include "lib/base/bytes.hpp"
#include "lib/port/file_store.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::port {

struct StoredFile {
    FileId id;
    std::uint64_t size_bytes = 0;
    std::string name;
    std::string media_type;
    FileKey key; ///< Of the reference.
    FileState state = FileState::known;
    FileSlot slot; ///< Name zero: nothing of it lies here.
    Bytes pieces;  ///< Which pieces are durable, as transfer::PieceSet writes them; empty: none.
    std::int64_t added_ms = 0;
    /// The account whose post made it come by itself; empty: the user has asked for it, or has added it.
    std::string wanted_by;
    std::int64_t wanted_ms = 0; ///< Since when it has been fetched without getting any further. Wall clock.
    std::int64_t turn = 0;      ///< Number of its last turn to be fetched; 0: it has had none.
};

/// A post that stands and refers to a file: who is in its conversation may have it, its author aside. Who posts a
/// reference says that they have the file; that alone must not get it for them. Size and key are what this post says:
/// whether that is so shows when the file comes.
struct FileGrant {
    FileId file;
    ConversationId conversation;
    MessageId post;
    std::string author;  ///< An account.
    bool mine = false;   ///< This device has sent it: it sees to it that the others get the file.
    bool served = false; ///< Everybody else has it whole, or has had their time.
    std::uint64_t size_bytes = 0;
    FileKey key;                    ///< Of the blob at a relay.
    std::int64_t posted_ms = 0;     ///< When it came into the history here.
    std::int64_t left_until_ms = 0; ///< Until then the relay has it under this key, from this account.
};

/// What comes, or came, by itself.
struct AutomaticFiles {
    std::uint32_t waiting = 0;     ///< Of one account, not whole yet.
    std::uint64_t bytes_total = 0; ///< Of all accounts, whole ones too.
};

class FileRows {
public:
    virtual ~FileRows() = default;

    [[nodiscard]] virtual std::optional<StoredFile> file(const FileId& id) = 0;
    /// By id, those after `after`, at most `limit`.
    [[nodiscard]] virtual std::vector<StoredFile> files(const FileId& after, std::uint32_t limit) = 0;
    /// Of one state, oldest first, at most `limit`.
    [[nodiscard]] virtual std::vector<StoredFile> files_in(FileState state, std::uint32_t limit) = 0;
    [[nodiscard]] virtual bool has_slot(const SlotName& name) = 0;
    /// State fetching, `asked` for by the user or not, whoever has waited longest for a turn first, at most `limit`.
    [[nodiscard]] virtual std::vector<StoredFile> files_wanted(bool asked, std::uint32_t limit) = 0;
    [[nodiscard]] virtual AutomaticFiles automatic_files(std::string_view user) = 0;
    virtual void put_file(const StoredFile& file) = 0;
    /// And who has said that they have it.
    virtual void remove_file(const FileId& id) = 0;

    virtual void put_file_grant(const FileGrant& grant) = 0;
    [[nodiscard]] virtual std::vector<FileGrant> file_grants(const FileId& file) = 0;
    /// Mine, not served, and not left at the relay until after `now_ms`; by file, those of files after `after`, at most
    /// `limit`.
    [[nodiscard]] virtual std::vector<FileGrant> unserved_grants(const FileId& after, std::int64_t now_ms,
                                                                 std::uint32_t limit) = 0;
    virtual void set_grants_served(const FileId& file, const ConversationId& conversation) = 0;
    /// Those of mine with this key.
    virtual void set_grants_left(const FileId& file, const FileKey& key, std::int64_t until_ms) = 0;
    /// When the first of the unserved ones that are left at the relay goes from there, after `now_ms`.
    [[nodiscard]] virtual std::optional<std::int64_t> next_left_until(std::int64_t now_ms) = 0;
    /// This account has said that it has the file whole.
    virtual void put_file_had(const FileId& file, std::string_view user) = 0;
    [[nodiscard]] virtual std::vector<std::string> file_had(const FileId& file) = 0;
    /// The post does not stand any more. Returns what it had granted.
    virtual std::vector<FileGrant> remove_file_grants(const ConversationId& conversation, const MessageId& post) = 0;
};

} // namespace godwit::port
