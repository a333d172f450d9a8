// SPDX-License-Identifier: Apache-2.0
package org.godwit;

import java.nio.charset.StandardCharsets;
import org.json.JSONException;
import org.json.JSONObject;

/** What godwit or the relay refused. */
public final class GodwitException extends Exception {
    private static final long serialVersionUID = 1;

    /** What to do about it; {@link ErrorCode#INTERNAL} when {@link #name} is of a later version. */
    public final ErrorCode code;
    /** The code's name. */
    public final String name;
    /** One English sentence, good enough to show. */
    public final String detail;
    /** Milliseconds after which the same request may succeed; 0: not unchanged. */
    public final long retryMs;

    GodwitException(String name, String detail, long retryMs) {
        super(name + ": " + detail);
        this.code = ErrorCode.of(name);
        this.name = name;
        this.detail = detail;
        this.retryMs = retryMs;
    }

    static GodwitException of(JSONObject error) {
        return new GodwitException(error.optString("code", "internal"), error.optString("detail"), error.optLong("retry"));
    }

    static GodwitException of(Native.Refused refused) {
        try {
            return of(new JSONObject(new String(refused.json, StandardCharsets.UTF_8)));
        } catch (JSONException impossible) {
            return new GodwitException("internal", impossible.getMessage(), 0);
        }
    }

    static GodwitException of(int number) {
        ErrorCode code = ErrorCode.of(number);
        return new GodwitException(code.code, code == ErrorCode.BUSY ? "requests come faster than they can be served" : "the request was not taken",
                code == ErrorCode.BUSY ? 50 : 0);
    }
}
