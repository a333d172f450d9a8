// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: the history from one device of the account to another, as an archive that travels like any
// file (docs/adr/0034-archives.md).
//
//   the new one      HistoryWanted ──> the others tell their users
//   who says yes     archive, under a random key ──> kept as a file ──> HistoryOffer, to that device alone
//   the new one      fetched, resumed as files are ──> merged ──> HistoryTaken, and forgotten
//   who said yes     forgets its copy
#pragma once

#include "lib/engine/archives.hpp"
#include "lib/engine/chats.hpp"

namespace godwit::engine {

class History {
public:
    History(Context& context, Roster& roster, Chats& chats, Files& files, Archives& archives)
        : context_(context), roster_(roster), chats_(chats), files_(files), archives_(archives)
    {
    }

    void ask(RequestId id, const request::HistoryAsk&, Moment now);
    void ask(RequestId id, const request::HistorySend& send, const port::StoredIdentity& identity, Moment now);
    /// One of its marks, from a device of this account. False: it is none.
    bool mark(const DeviceId& from, const MessageId& id, const wire::content::Mark& mark, Moment now);
    void end_tick(const port::StoredIdentity* identity, Moment now);
    /// The archive that was offered is merged, or cannot be.
    void read(const Result<ArchiveInfo>& info, Moment now);

private:
    /// What was offered to this device.
    struct Offer {
        MessageId id;
        DeviceId from;
        FileId file;
        WipingBytes key;
    };
    [[nodiscard]] std::optional<Offer> offered() const;
    void put_offered(const Offer& offer);
    void offer(RequestId id, const DeviceId& to, const WipingBytes& key, const FileInfo& file, Moment now);
    /// The archive made for this device is of no use any more.
    void withdraw(const DeviceId& to);

    Context& context_;
    Roster& roster_;
    Chats& chats_;
    Files& files_;
    Archives& archives_;
};

} // namespace godwit::engine
