// SPDX-License-Identifier: Apache-2.0
// Cuts the power of a disk in memory at its writes, syncs, truncations and deletions, while something works on it, and
// has each image judged at once. What was acknowledged when the image was taken is for the judge to know.
#pragma once

#include "lib/sqlite/fault_disk.hpp"

#include <cstdlib>
#include <doctest/doctest.h>
#include <functional>
#include <random>

namespace godwit::test {

/// How many images a test looks at: `otherwise`, or what GODWIT_IMAGES asks for (docs/crash.md).
[[nodiscard]] inline std::uint64_t images_wanted(std::uint64_t otherwise)
{
    const char* const asked = std::getenv("GODWIT_IMAGES");
    return asked != nullptr ? std::strtoull(asked, nullptr, 10) : otherwise;
}

struct Cut {
    enum class Kind { killed, synced, torn } kind = Kind::killed;
    std::uint64_t seed = 0;
};

/// Runs `work(disk, seed)` for seeds from `first_seed` on until `wanted` images were judged. About one operation in
/// `sparsely` is cut, all syncs and deletions are: killed, with the unsynced lost, and torn twice.
inline std::uint64_t cut_power(std::uint64_t wanted, std::uint64_t first_seed, std::uint64_t sparsely,
                               const std::function<void(sqlite::FaultDisk&, std::uint64_t seed)>& work,
                               const std::function<void(const sqlite::DiskImage&, const Cut&)>& judge)
{
    std::uint64_t images = 0;
    for (std::uint64_t seed = first_seed; images < wanted; ++seed) {
        INFO("seed ", seed, "; repeat: GODWIT_IMAGES=", wanted);
        sqlite::FaultDisk disk;
        std::mt19937_64 dice(seed);
        std::uint64_t operation = 0;
        disk.observe(sqlite::disk_op_mutations, [&](sqlite::DiskOp op, const std::string&) {
            ++operation;
            if (op == sqlite::DiskOp::write && dice() % sparsely != 0) return;
            INFO("operation ", operation);
            const std::uint64_t tear = dice();
            judge(disk.image_killed(), {Cut::Kind::killed, 0});
            judge(disk.image_synced(), {Cut::Kind::synced, 0});
            judge(disk.image_torn(tear), {Cut::Kind::torn, tear});
            judge(disk.image_torn(tear + 1), {Cut::Kind::torn, tear + 1});
            images += 4;
        });
        work(disk, seed);
        disk.observe(0, nullptr);
    }
    return images;
}

} // namespace godwit::test
