// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: archives of the history, made and read a slice in each tick, one at a time
// (docs/adr/0034-archives.md).
//
//   make   rows ── sealed chunk ──> file ──> … ──> durable and named ──> mark, reply
//   read   chunk ── opened ──> merged, and told (Happened) ──> … ──> reply
#pragma once

#include "lib/archive/exporter.hpp"
#include "lib/archive/importer.hpp"
#include "lib/engine/context.hpp"
#include "lib/port/file_store.hpp"

namespace godwit::engine {

class Archives {
public:
    Archives(Context& context, port::UserFiles* user) : context_(context), user_(user) {}

    void ask(RequestId id, const request::ArchiveMake& make, const port::StoredIdentity* identity, Moment now);
    void ask(RequestId id, const request::ArchiveRead& read, const port::StoredIdentity* identity);
    void ask(RequestId id, const request::ArchiveCancel&);

    /// One that another device of this account has sent. Precondition: not pending().
    void read_offered(std::unique_ptr<port::UserFiles::Source> source, BytesView key, const PublicKey& account_key);

    /// What an archive has brought since the last call.
    struct Happened {
        archive::Importer::Step step;
        std::set<ConversationId> complete;          ///< When all of it is here.
        std::set<ConversationId> begun;             ///< Likewise; archive::Importer::begun().
        std::optional<Result<ArchiveInfo>> offered; ///< What read_offered() came to.
    };
    [[nodiscard]] Happened end_tick(Moment now);
    /// A passphrase was stretched.
    void stretched(std::uint64_t job);
    [[nodiscard]] bool pending() const { return works() || stretching_.has_value(); }
    /// There is something to do in the next tick.
    [[nodiscard]] bool works() const { return making_.has_value() || reading_.has_value(); }

private:
    struct Making {
        RequestId request = 0;
        archive::Exporter exporter;
        std::unique_ptr<port::UserFiles::Target> target;
        std::uint64_t bytes = 0;
    };
    /// A passphrase is stretched elsewhere (Compute).
    struct Stretch {
        WipingBytes passphrase;
        archive::Stretching how;
        Result<crypto::SecretBytes> root = Error{ErrorCode::busy, "the machine is busy; repeat in a second", 1000};
    };
    struct Stretching {
        std::uint64_t job = 0;
        RequestId request = 0;
        std::shared_ptr<Stretch> stretch;
        // To be made
        std::unique_ptr<port::UserFiles::Target> target;
        wire::archive::Head head;
        archive::Mark since;
        // or to be read
        std::unique_ptr<port::UserFiles::Source> source;
        PublicKey account_key;
        bool check_only = false;
    };
    struct Reading {
        std::optional<RequestId> request; ///< nullopt: read_offered().
        archive::Importer importer;
        std::unique_ptr<port::UserFiles::Source> source;
        bool check_only = false;
        std::uint64_t bytes = 0;
    };
    [[nodiscard]] bool refused(RequestId id, const port::StoredIdentity* identity);
    [[nodiscard]] Result<void> make_slice();
    void stretch(Stretching what, archive::Stretching how, std::string_view passphrase);
    [[nodiscard]] std::optional<Result<ArchiveInfo>> read_slice(Happened& happened, Moment now);
    void progress(bool reading, std::uint64_t before, std::uint64_t after, std::uint64_t total);

    Context& context_;
    port::UserFiles* user_;
    std::optional<Stretching> stretching_;
    std::optional<Making> making_;
    std::optional<Reading> reading_;
    std::optional<Error> failed_; ///< What read_offered() came to at once.
};

/// Up to where the last archive of this home goes; nullopt: none was made.
[[nodiscard]] std::optional<archive::Mark> last_archive(port::Store& store);
void put_last_archive(port::Store& store, const archive::Mark& mark);
/// This archive was merged. Of those that were, the newest so many are known.
inline constexpr std::size_t archives_known_max = 256;
void note_archive_read(port::Store& store, const wire::archive::Id& id);
[[nodiscard]] bool was_archive_read(port::Store& store, const wire::archive::Id& id);

[[nodiscard]] ArchiveInfo info_of(const wire::archive::Head& head, const wire::archive::End& counts);

} // namespace godwit::engine
