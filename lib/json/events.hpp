// SPDX-License-Identifier: Apache-2.0
// Private to lib/json: members of an object that is open (made_events.cpp).
#pragma once

#include "lib/json/writer.hpp"

#include <godwit/event.hpp>

namespace godwit::json {

/// "event" first. Of a Reply no more than that: render_reply().
void put_event(Writer& out, const Event& event);
void put_reply(Writer& out, const event::ReplyValue& reply);

} // namespace godwit::json
