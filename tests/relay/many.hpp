// SPDX-License-Identifier: Apache-2.0
// A group of as many as one likes, whose devices have taken what there was.
#pragma once

#include "tests/relay/circle.hpp"

#include <deque>
#include <set>
#include <string>
#include <vector>

namespace godwit::relay::test {

inline void take_all(Device& by)
{
    for (;;) { // As many at a time as the relay delivers.
        const auto mail = by.take<frame::MailboxDeliver>();
        if (mail.empty()) return;
        for (const auto& one : mail)
            by.acknowledge({one.sequence});
    }
}

/// ann's group of ann, bo, cy, dee and as many more; everybody has taken what there was.
struct Many : Circle {
    std::vector<std::string> all{"ann", "bo", "cy", "dee"};
    std::deque<Device> more;
    std::vector<Device*> devices{&ann, &bo, &cy, &dee};

    explicit Many(std::size_t others = 1, Config config = {}, std::optional<Store> on = std::nullopt)
        : Circle(std::move(config), std::move(on))
    {
        befriend(ann, "ann", dee, "dee");
        for (std::size_t i = 0; i < others; ++i) {
            auto& one = more.emplace_back(world, 10 + i);
            all.push_back("p" + std::to_string(i));
            one.join(all.back(), 1000 + i);
            befriend(ann, "ann", one, all.back());
            devices.push_back(&one);
        }
        std::vector<DeviceId> newcomers;
        for (auto* const one : devices)
            if (one != &ann) newcomers.push_back(one->id);
        REQUIRE(commit(ann, 0, 1, all, newcomers) == ErrorCode::ok);
        all_take();
        REQUIRE(commit(ann, 1, 2, all) == ErrorCode::ok);
        all_take();
    }
    void all_take()
    {
        for (auto* const one : devices) {
            take_all(*one);
            one->forget_frames();
        }
    }
    std::string members()
    {
        std::set<std::string> in;
        for (const auto& entry : roster(ann).entries)
            if (entry.member) in.insert(entry.user);
        std::string out;
        for (const auto& user : in)
            out += (out.empty() ? "" : " ") + user;
        return out;
    }
};

} // namespace godwit::relay::test
