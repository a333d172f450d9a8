// SPDX-License-Identifier: Apache-2.0
// A file of noise, and its way from one client to another through the public API.
#pragma once

#include "bench/pilot.hpp"
#include "bench/udp_pair.hpp"

#include <random>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>

namespace bench {

inline constexpr std::size_t mib = 1024 * 1024;

/// Of all threads of this process.
inline double cpu_s()
{
    rusage spent{};
    getrusage(RUSAGE_SELF, &spent);
    const auto seconds = [](const timeval& one) {
        return static_cast<double>(one.tv_sec) + static_cast<double>(one.tv_usec) / 1e6;
    };
    return seconds(spent.ru_utime) + seconds(spent.ru_stime);
}

inline double write_floor(const std::filesystem::path& path, std::size_t mebibytes)
{
    std::vector<char> block(mib);
    std::mt19937_64 random(1);
    for (auto& byte : block)
        byte = static_cast<char>(random());
    const auto start = Clock::now();
    const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) give_up("cannot write " + path.string());
    for (std::size_t i = 0; i < mebibytes; ++i) {
        block[0] = static_cast<char>(i);
        if (write(file, block.data(), block.size()) != static_cast<ssize_t>(block.size())) give_up("the disk is full");
    }
    if (fdatasync(file) != 0) give_up("fdatasync failed");
    close(file);
    return since_us(start);
}

/// One thread sends and takes, a datagram after the other: what the kernel's two halves of it cost.
inline double udp_floor(std::size_t mebibytes)
{
    UdpPair pair;
    char payload[1200]{};
    const auto start = Clock::now();
    for (std::size_t sent = 0; sent < mebibytes * mib; sent += sizeof payload)
        pair.send(0, payload, sizeof payload);
    return since_us(start);
}

inline godwit::content::FileRef add(Pilot& who, const std::filesystem::path& path)
{
    const auto reply = who.ask(godwit::request::FileAdd{path.string(), {}, {}});
    who.expect_ok(reply, "file_add");
    const auto& file = std::get<godwit::FileInfo>(reply.value);
    return {file.id, file.size_bytes, file.name, file.media_type, file.key};
}

inline void post(Pilot& who, const std::string& to, const godwit::content::FileRef& file)
{
    godwit::request::Send send;
    send.to = to;
    godwit::content::Attachment attachment;
    attachment.file = file;
    send.body = std::move(attachment);
    who.expect_ok(who.ask(std::move(send)), "send");
}

inline godwit::Path arrives(Pilot& who, const godwit::FileId& file)
{
    godwit::Path path = godwit::Path::none;
    who.wait_until("the file", [&](const godwit::Event& e) {
        const auto* done = std::get_if<godwit::event::FileDone>(&e);
        if (done == nullptr || done->file.id != file) return false;
        path = done->file.path;
        return true;
    });
    return path;
}

} // namespace bench
