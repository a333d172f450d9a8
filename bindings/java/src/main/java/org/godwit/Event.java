// SPDX-License-Identifier: Apache-2.0
package org.godwit;

import org.json.JSONObject;

/** Something that happened: its name, one of {@link Schema.On} or one of a later version, and its fields. */
public final class Event {
    public final String name;
    public final JSONObject fields;

    Event(String name, JSONObject fields) {
        this.name = name;
        this.fields = fields;
    }

    /** Of a field of {@link Schema.Field}; empty when it is not there. */
    public String text(String field) {
        return fields.optString(field);
    }

    @Override
    public String toString() {
        return fields.toString();
    }
}
