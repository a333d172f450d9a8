// SPDX-License-Identifier: Apache-2.0
// An Android library: the Java binding, its glue, and libgodwit.so with libgodwit_jni.so of every ABI in src/main/jniLibs. org.json is
// part of Android.
plugins {
    id("com.android.library")
}

android {
    namespace = "org.godwit.android"
    compileSdk = 34
    defaultConfig { minSdk = 24 }
    sourceSets["main"].java.srcDirs("src/main/java", "../src/main/java")
}
