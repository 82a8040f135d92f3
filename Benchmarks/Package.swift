// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that users of profilectl do not build it. Run it with `make bench` in the folder above.
let package = Package(
    name: "profilectl-benchmarks",
    dependencies: [
        .package(name: "profilectl", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    ],
    targets: [
        .executableTarget(name: "Yardstick", linkerSettings: [.linkedLibrary("yaml"), .linkedLibrary("sqlite3")]),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "Yardstick",
                .product(name: "Reconciler", package: "profilectl"),
                .product(name: "profilectl", package: "profilectl"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
