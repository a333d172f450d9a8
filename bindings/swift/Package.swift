// swift-tools-version:5.9
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let package = Package(
    name: "Godwit",
    platforms: [.macOS(.v12), .iOS(.v15)],
    products: [.library(name: "Godwit", targets: ["Godwit"])],
    targets: [
        .systemLibrary(name: "CGodwit", pkgConfig: "godwit"),
        .target(name: "Godwit", dependencies: ["CGodwit"]),
        .testTarget(name: "GodwitTests", dependencies: ["Godwit"]),
    ]
)
