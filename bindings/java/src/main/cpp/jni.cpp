// SPDX-License-Identifier: Apache-2.0
// The C ABI for Java: org.godwit.Native. Texts are bytes of UTF-8, since Java's own "UTF-8" (modified) is another.
#include <godwit/godwit.h>

#include <cstdint>
#include <string>
#include <vector>

#include <jni.h>

namespace {

godwit_client* client_of(jlong handle)
{
    return reinterpret_cast<godwit_client*>(static_cast<std::uintptr_t>(handle));
}

jbyteArray bytes(JNIEnv* env, const char* text)
{
    const auto length = static_cast<jsize>(std::char_traits<char>::length(text));
    jbyteArray out = env->NewByteArray(length);
    if (out != nullptr) env->SetByteArrayRegion(out, 0, length, reinterpret_cast<const jbyte*>(text));
    return out;
}

/// Frees `text`; null stays null.
jbyteArray take(JNIEnv* env, char* text)
{
    jbyteArray out = text == nullptr ? nullptr : bytes(env, text);
    godwit_free(text);
    return out;
}

std::string string_of(JNIEnv* env, jbyteArray from)
{
    if (from == nullptr) return {};
    std::string out(static_cast<std::size_t>(env->GetArrayLength(from)), '\0');
    env->GetByteArrayRegion(from, 0, static_cast<jsize>(out.size()), reinterpret_cast<jbyte*>(out.data()));
    return out;
}

/// Throws Native.Refused with the error's JSON, which it frees.
void refuse(JNIEnv* env, char* error)
{
    const jclass type = env->FindClass("org/godwit/Native$Refused");
    const jmethodID make = type == nullptr ? nullptr : env->GetMethodID(type, "<init>", "([B)V");
    jbyteArray json =
        error == nullptr ? bytes(env, R"({"code":"internal","detail":"out of memory","retry":0})") : bytes(env, error);
    godwit_free(error);
    if (make != nullptr && json != nullptr) env->Throw(static_cast<jthrowable>(env->NewObject(type, make, json)));
}

/// Options from Java's arguments, as long as it lives.
struct Options {
    Options(JNIEnv* env, jbyteArray home, jbyteArray store_key, jbyteArray passphrase, jbyteArray version,
            jboolean loopback)
        : home_(string_of(env, home)), key_(string_of(env, store_key)), passphrase_(string_of(env, passphrase)),
          version_(string_of(env, version))
    {
        options.size = sizeof options;
        options.home = home_.c_str();
        if (key_.size() == 32) options.store_key = reinterpret_cast<const std::uint8_t*>(key_.data()); // Client checks
        if (passphrase != nullptr) options.passphrase = passphrase_.c_str();
        if (version != nullptr) options.client_version = version_.c_str();
        options.allow_loopback = loopback ? 1 : 0;
    }
    ~Options()
    {
        for (std::string* secret : {&key_, &passphrase_})
            for (char& c : *secret)
                *const_cast<volatile char*>(&c) = 0;
    }
    Options(const Options&) = delete;
    Options& operator=(const Options&) = delete;

    godwit_options options{};

private:
    std::string home_, key_, passphrase_, version_;
};

} // namespace

extern "C" {

JNIEXPORT jbyteArray JNICALL Java_org_godwit_Native_version(JNIEnv* env, jclass)
{
    return bytes(env, godwit_version());
}

JNIEXPORT jlong JNICALL Java_org_godwit_Native_open(JNIEnv* env, jclass, jbyteArray home, jbyteArray store_key,
                                                    jbyteArray passphrase, jbyteArray version, jboolean loopback)
{
    const Options given(env, home, store_key, passphrase, version, loopback);
    char* error = nullptr;
    godwit_client* client = godwit_open(&given.options, &error);
    if (client == nullptr) refuse(env, error);
    return static_cast<jlong>(reinterpret_cast<std::uintptr_t>(client));
}

JNIEXPORT jbyteArray JNICALL Java_org_godwit_Native_check(JNIEnv* env, jclass, jbyteArray home, jbyteArray store_key,
                                                          jbyteArray passphrase, jboolean repair)
{
    const Options given(env, home, store_key, passphrase, nullptr, JNI_FALSE);
    char* error = nullptr;
    char* report = repair ? godwit_repair(&given.options, &error) : godwit_check(&given.options, &error);
    if (report == nullptr) refuse(env, error);
    return take(env, report);
}

JNIEXPORT jint JNICALL Java_org_godwit_Native_request(JNIEnv* env, jclass, jlong handle, jbyteArray json)
{
    const std::string line = string_of(env, json);
    return godwit_request(client_of(handle), line.data(), line.size());
}

JNIEXPORT jbyteArray JNICALL Java_org_godwit_Native_next(JNIEnv* env, jclass, jlong handle, jint timeout_ms)
{
    return take(env, godwit_next(client_of(handle), timeout_ms));
}

JNIEXPORT jint JNICALL Java_org_godwit_Native_networkChanged(JNIEnv*, jclass, jlong handle)
{
    return godwit_network_changed(client_of(handle));
}

JNIEXPORT jint JNICALL Java_org_godwit_Native_pushReceived(JNIEnv* env, jclass, jlong handle, jbyteArray payload)
{
    const std::string bytes = string_of(env, payload);
    return godwit_push_received(client_of(handle), bytes.data(), bytes.size());
}

JNIEXPORT jint JNICALL Java_org_godwit_Native_trimMemory(JNIEnv*, jclass, jlong handle)
{
    return godwit_trim_memory(client_of(handle));
}

JNIEXPORT jint JNICALL Java_org_godwit_Native_suspend(JNIEnv*, jclass, jlong handle, jint deadline_ms)
{
    return godwit_suspend(client_of(handle), deadline_ms);
}

JNIEXPORT void JNICALL Java_org_godwit_Native_resume(JNIEnv* env, jclass, jlong handle)
{
    char* error = nullptr;
    if (godwit_resume(client_of(handle), &error) != 0) refuse(env, error);
}

// ---- sound and pictures

JNIEXPORT jint JNICALL Java_org_godwit_Native_pushAudio(JNIEnv* env, jclass, jlong handle, jbyteArray call,
                                                        jshortArray samples, jint count)
{
    if (count <= 0) return 0;
    std::vector<std::int16_t> copy(static_cast<std::size_t>(count));
    env->GetShortArrayRegion(samples, 0, count, copy.data());
    return static_cast<jint>(
        godwit_call_push_audio(client_of(handle), string_of(env, call).c_str(), copy.data(), copy.size()));
}

JNIEXPORT jint JNICALL Java_org_godwit_Native_pullAudio(JNIEnv* env, jclass, jlong handle, jbyteArray call,
                                                        jshortArray samples)
{
    std::vector<std::int16_t> room(static_cast<std::size_t>(env->GetArrayLength(samples)));
    if (room.empty()) return 0;
    const auto got = static_cast<jint>(
        godwit_call_pull_audio(client_of(handle), string_of(env, call).c_str(), room.data(), room.size()));
    env->SetShortArrayRegion(samples, 0, got, room.data());
    return got;
}

JNIEXPORT jboolean JNICALL Java_org_godwit_Native_pushPicture(JNIEnv* env, jclass, jlong handle, jbyteArray call,
                                                              jint width, jint height, jobject i420, jint bytes)
{
    const auto* planes = static_cast<const std::uint8_t*>(env->GetDirectBufferAddress(i420));
    const auto taken = godwit_call_push_picture(client_of(handle), string_of(env, call).c_str(), width, height, planes,
                                                static_cast<std::size_t>(bytes));
    return taken == 1 ? JNI_TRUE : JNI_FALSE;
}

JNIEXPORT jint JNICALL Java_org_godwit_Native_pullPicture(JNIEnv* env, jclass, jlong handle, jbyteArray call,
                                                          jbyteArray device, jintArray size, jobject into)
{
    auto* planes = static_cast<std::uint8_t*>(env->GetDirectBufferAddress(into));
    const auto room = static_cast<std::size_t>(env->GetDirectBufferCapacity(into));
    const std::string name = string_of(env, call);
    int sides[2] = {0, 0};
    const auto got = device == nullptr
                         ? godwit_call_pull_picture(client_of(handle), name.c_str(), &sides[0], &sides[1], planes, room)
                         : godwit_call_pull_picture_of(client_of(handle), name.c_str(), string_of(env, device).c_str(),
                                                       &sides[0], &sides[1], planes, room);
    env->SetIntArrayRegion(size, 0, 2, sides);
    return got > room ? 0 : static_cast<jint>(got); // more than there is room for was not written
}

JNIEXPORT void JNICALL Java_org_godwit_Native_close(JNIEnv*, jclass, jlong handle)
{
    godwit_close(client_of(handle));
}

} // extern "C"
