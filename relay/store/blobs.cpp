// SPDX-License-Identifier: Apache-2.0
#include "relay/store/store.hpp"

namespace godwit::relay {

std::optional<StoredBlob> Store::blob(const wire::BlobId& id)
{
    std::optional<StoredBlob> out;
    read(
        "SELECT b.id, b.account, b.pieces, b.created_ms, coalesce(a.app, -1) FROM blobs b"
        " LEFT JOIN accounts a ON a.id = b.account WHERE b.name = ?1",
        [&](const Row& s) {
            out = StoredBlob{s.integer(0), s.integer(1), static_cast<std::uint32_t>(s.integer(2)), s.integer(3),
                             s.integer(4)};
            return false;
        },
        id);
    return out;
}

std::int64_t Store::add_blob(const wire::BlobId& id, AccountRow account, std::uint32_t pieces, WallMs now_ms)
{
    write("INSERT INTO blobs(name, account, pieces, bytes, created_ms) VALUES(?1, ?2, ?3, 0, ?4)", id, account, pieces,
          now_ms);
    return inserted();
}

bool Store::has_blob_piece(std::int64_t blob, std::uint32_t piece)
{
    return read_integer("SELECT 1 FROM blob_pieces WHERE blob = ?1 AND piece = ?2", blob, piece).has_value();
}

void Store::add_blob_piece(std::int64_t blob, std::uint32_t piece, const Bytes& sealed, std::uint64_t counted_bytes)
{
    write("INSERT INTO blob_pieces(blob, piece, counted, sealed) VALUES(?1, ?2, ?3, ?4)", blob, piece, counted_bytes,
          sealed);
    write("UPDATE blobs SET bytes = bytes + ?2 WHERE id = ?1", blob, counted_bytes);
}

Bytes Store::blob_piece(std::int64_t blob, std::uint32_t piece)
{
    Bytes out;
    read(
        "SELECT sealed FROM blob_pieces WHERE blob = ?1 AND piece = ?2",
        [&](const Row& s) {
            out = to_bytes(s.bytes(0));
            return false;
        },
        blob, piece);
    return out;
}

std::vector<wire::PieceRange> Store::blob_pieces(std::int64_t blob, std::size_t ranges_max)
{
    std::vector<wire::PieceRange> out;
    read(
        "SELECT piece FROM blob_pieces WHERE blob = ?1 ORDER BY piece",
        [&](const Row& s) {
            const auto piece = static_cast<std::uint32_t>(s.integer(0));
            if (!out.empty() && out.back().first + out.back().count == piece)
                ++out.back().count;
            else if (out.size() == ranges_max)
                return false;
            else
                out.push_back({piece, 1});
            return true;
        },
        blob);
    return out;
}

std::vector<Store::BlobUsage> Store::blob_usage()
{
    return read_all(
        "SELECT b.account, coalesce(a.app, -1), sum(b.bytes) FROM blobs b"
        " LEFT JOIN accounts a ON a.id = b.account GROUP BY b.account",
        [](const Row& s) { return BlobUsage{s.integer(0), s.integer(1), static_cast<std::uint64_t>(s.integer(2))}; });
}

void Store::condemn_oldest_blob(WallMs living_from_ms)
{
    write("UPDATE blobs SET created_ms = 0 WHERE id = (SELECT id FROM blobs WHERE created_ms > ?1 "
          "ORDER BY created_ms, id LIMIT 1)",
          living_from_ms);
}

void Store::condemn_blob(std::int64_t blob)
{
    write("UPDATE blobs SET created_ms = 0 WHERE id = ?1", blob);
}

ExpiredBlobs Store::expire_blobs(WallMs before_ms, std::uint32_t pieces_max)
{
    struct Piece {
        std::int64_t row;
        std::int64_t blob;
        AccountRow account;
        std::uint64_t bytes;
    };
    std::vector<Piece> old;
    read(
        "SELECT p.id, b.id, b.account, p.counted FROM blobs b JOIN blob_pieces p ON p.blob = b.id"
        " WHERE b.created_ms <= ?1 ORDER BY b.created_ms LIMIT ?2",
        [&](const Row& s) {
            old.push_back({s.integer(0), s.integer(1), s.integer(2), static_cast<std::uint64_t>(s.integer(3))});
            return true;
        },
        before_ms, pieces_max);
    ExpiredBlobs out;
    for (const auto& one : old) {
        write("DELETE FROM blob_pieces WHERE id = ?1", one.row);
        write("UPDATE blobs SET bytes = bytes - ?2 WHERE id = ?1", one.blob, one.bytes);
        write("DELETE FROM blobs WHERE id = ?1 AND bytes = 0", one.blob);
        out.bytes[one.account] += one.bytes;
        ++out.pieces;
    }
    return out;
}

} // namespace godwit::relay
