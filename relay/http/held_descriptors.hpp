// SPDX-License-Identifier: Apache-2.0
// Private to this room. libwebsockets 4.1.6 closes the descriptor of its wake-up (an eventfd) when its context begins
// to end, and once more when libuv lets go of the handle, turns of the loop later. Whoever is given that number in
// between would lose a file. So the number is held by something of ours until then.
#pragma once

#include <vector>

namespace godwit::relay::http {

class HeldDescriptors {
public:
    /// Around the call that opens them.
    void before();
    void after();
    /// Those that have been closed since: their numbers are taken.
    void hold();
    /// What is still ours is closed. The rest was closed as feared, and belongs to others.
    void release();

private:
    std::vector<int> watched_;
    std::vector<int> held_;
    unsigned long long inode_ = 0; ///< Of what holds them.
};

} // namespace godwit::relay::http
