import Foundation
import Testing

@testable import Reconciler

/// A disk of its own over a folder, with as much room as a test gives it. Only programs that are started by its
/// launcher see it: it is mounted in a name space of mounts that a waiting process holds.
final class SmallDisk: Sendable {
    private let holder: Binary
    private let folder: String
    /// Starts a program that sees the disk, in the folder above it.
    let launcher: [String]

    private static let isRoot = geteuid() == 0
    private static let unshare = isRoot ? ["unshare", "--mount"] : ["unshare", "--map-root-user", "--mount"]

    /// A container may allow no mounts at all.
    static let canBeHad: Bool = {
        let started = ChildProcess.start(
            unshare + ["mount", "-t", "tmpfs", "none", "/mnt"], environment: ProcessInfo.processInfo.environment,
            output: FileHandle.nullDevice.fileDescriptor, errors: FileHandle.nullDevice.fileDescriptor)
        return (try? started.get().takeAway()) == .exited(code: 0)
    }()

    static var isThere: ConditionTrait {
        .enabled(if: canBeHad, "this machine lets nobody mount a disk of their own (unshare --mount)")
    }

    init(over folder: String, kilobytes: Int) async throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let mount = "mount -t tmpfs -o size=\(kilobytes)k none \"$0\" && echo ready && exec sleep 600"
        holder = try Binary(["-c", mount, folder], in: "/", program: "/bin/sh", launcher: Self.unshare)
        try #require(try await holder.printed("ready") != nil)
        launcher =
            ["nsenter", "--target", "\(holder.processID)", "--mount"]
            + (Self.isRoot ? [] : ["--user", "--preserve-credentials"])
            + ["sh", "-c", "cd \"$0\" && exec \"$@\"", (folder as NSString).deletingLastPathComponent]
    }

    deinit { holder.send(SIGKILL) }

    /// Runs a line of shell in the folder of the disk.
    @discardableResult
    func run(_ line: String) async throws -> Binary.Result {
        try await Binary(
            ["-c", "cd \"$0\" && \(line)", folder], in: "/", program: "/bin/sh", launcher: launcher
        ).result()
    }

    func fill() async throws {
        let result = try await run("cat /dev/zero > filler")
        #expect(result.exitCode != 0, "the disk is full only when nothing more can be written")
    }

    func grow(toKilobytes kilobytes: Int) async throws {
        #expect(try await run("mount -o remount,size=\(kilobytes)k \"$0\"").exitCode == 0)
    }

    func makeRoom() async throws {
        #expect(try await run("rm filler").exitCode == 0)
    }
}
