// SPDX-License-Identifier: Apache-2.0
// What this machine cannot do faster: a datagram there and back, the same by TCP, a page made durable, rows in a
// database.
#pragma once

#include "bench/udp_pair.hpp"

#include <algorithm>
#include <vector>

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sqlite3.h>

namespace bench {

struct Spread {
    double p50 = 0;
    double p99 = 0;
};

inline Spread spread_of(std::vector<double> samples)
{
    if (samples.empty()) return {};
    std::sort(samples.begin(), samples.end());
    const auto at = [&](double share) {
        return samples[std::min(samples.size() - 1,
                                static_cast<std::size_t>(share * static_cast<double>(samples.size())))];
    };
    return {at(0.50), at(0.99)};
}

/// Two sockets, one thread: the kernel's share of a datagram there and back.
inline Spread udp_ping_pong(int rounds)
{
    UdpPair pair;
    char payload[100]{};
    std::vector<double> samples;
    for (int round = 0; round < rounds; ++round) {
        const auto start = Clock::now();
        for (int from = 0; from < 2; ++from)
            pair.send(from, payload, sizeof payload);
        samples.push_back(since_us(start));
    }
    return spread_of(samples);
}

inline Spread fdatasync_floor(const std::filesystem::path& folder, int rounds)
{
    const auto path = folder / "floor";
    const int file = open(path.c_str(), O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) give_up("cannot write in " + folder.string());
    char page[4096]{};
    std::vector<double> samples;
    for (int round = 0; round < rounds; ++round) {
        const auto start = Clock::now();
        if (pwrite(file, page, sizeof page, static_cast<off_t>(round) * 4096) != static_cast<ssize_t>(sizeof page) ||
            fdatasync(file) != 0)
            give_up("fdatasync failed in " + folder.string());
        samples.push_back(since_us(start));
    }
    close(file);
    std::filesystem::remove(path);
    return spread_of(samples);
}

/// Two TCP sockets without delay, one thread.
inline Spread tcp_ping_pong(int rounds)
{
    const int door = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    int ends[2] = {socket(AF_INET, SOCK_STREAM, 0), -1};
    if (door < 0 || ends[0] < 0 || bind(door, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        getsockname(door, reinterpret_cast<sockaddr*>(&address), &length) != 0 || listen(door, 1) != 0 ||
        connect(ends[0], reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        (ends[1] = accept(door, nullptr, nullptr)) < 0)
        give_up("cannot open a TCP connection on loopback");
    const int on = 1;
    for (const int end : ends)
        setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    char payload[100]{};
    std::vector<double> samples;
    for (int round = 0; round < rounds; ++round) {
        const auto start = Clock::now();
        for (int from = 0; from < 2; ++from)
            if (send(ends[from], payload, sizeof payload, MSG_NOSIGNAL) != static_cast<ssize_t>(sizeof payload) ||
                recv(ends[1 - from], payload, sizeof payload, MSG_WAITALL) != static_cast<ssize_t>(sizeof payload))
                give_up("TCP on loopback failed");
        samples.push_back(since_us(start));
    }
    close(ends[0]);
    close(ends[1]);
    close(door);
    return spread_of(samples);
}

/// Rows a second that bare SQLite takes, each of `bytes`, `batch` to a durable transaction: write-ahead log,
/// synchronous=FULL.
inline double sqlite_rows(const std::filesystem::path& folder, int rows, int batch, int bytes)
{
    const auto path = (folder / "floor.db").string();
    sqlite3* db = nullptr;
    const auto run = [&](const char* sql) {
        if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) give_up(sqlite3_errmsg(db));
    };
    if (sqlite3_open(path.c_str(), &db) != SQLITE_OK) give_up("cannot write in " + folder.string());
    run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE row (id INTEGER PRIMARY KEY, name BLOB UNIQUE, body BLOB)");
    sqlite3_stmt* insert = nullptr;
    sqlite3_prepare_v2(db, "INSERT INTO row (name, body) VALUES (?, ?)", -1, &insert, nullptr);
    const std::string body(static_cast<std::size_t>(bytes), 'x');
    const auto start = Clock::now();
    for (int row = 0; row < rows; ++row) {
        if (row % batch == 0) run("BEGIN IMMEDIATE");
        const auto name = "row " + std::to_string(row);
        sqlite3_bind_blob(insert, 1, name.data(), static_cast<int>(name.size()), SQLITE_TRANSIENT);
        sqlite3_bind_blob(insert, 2, body.data(), bytes, SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE) give_up(sqlite3_errmsg(db));
        sqlite3_reset(insert);
        if ((row + 1) % batch == 0 || row + 1 == rows) run("COMMIT");
    }
    const double rate = rows / (since_us(start) / 1e6);
    sqlite3_finalize(insert);
    sqlite3_close(db);
    for (const char* tail : {"", "-wal", "-shm"})
        std::filesystem::remove(path + tail);
    return rate;
}

} // namespace bench
