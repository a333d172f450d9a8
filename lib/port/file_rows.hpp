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
};

/// A post that stands and refers to a file: who is in its conversation may have it, its author aside. Who posts a
/// reference says that they have the file; that alone must not get it for them.
struct FileGrant {
    FileId file;
    ConversationId conversation;
    MessageId post;
    std::string author;  ///< An account.
    bool mine = false;   ///< This device has sent it: it sees to it that the others get the file.
    bool served = false; ///< Somebody else has it whole, or the relay does.
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
    virtual void put_file(const StoredFile& file) = 0;
    virtual void remove_file(const FileId& id) = 0;

    virtual void put_file_grant(const FileGrant& grant) = 0;
    [[nodiscard]] virtual std::vector<FileGrant> file_grants(const FileId& file) = 0;
    /// Mine and not served, by file, those of files after `after`, at most `limit`.
    [[nodiscard]] virtual std::vector<FileGrant> unserved_grants(const FileId& after, std::uint32_t limit) = 0;
    virtual void set_grants_served(const FileId& file, const ConversationId& conversation) = 0;
    /// The post does not stand any more. Returns what it had granted.
    virtual std::vector<FileGrant> remove_file_grants(const ConversationId& conversation, const MessageId& post) = 0;
};

} // namespace godwit::port
