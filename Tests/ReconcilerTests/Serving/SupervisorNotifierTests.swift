import Foundation
import Testing

@testable import Reconciler

@Suite("What systemd is told")
struct SupervisorNotifierTests {
    @Test("states come as datagrams on the socket that systemd names")
    func datagrams() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/notify"
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        let notifier = SupervisorNotifier(environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "3000000"])
        #expect(notifier.watchdogInterval == .milliseconds(1500))
        notifier.tell(.ready, .status("3 devices\nas desired"))
        var buffer = [UInt8](repeating: 0, count: 200)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        #expect(String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self) == "READY=1\nSTATUS=3 devices as desired")
    }

    @Test("without a supervisor nothing is told")
    func alone() {
        let notifier = SupervisorNotifier(environment: [:])
        notifier.tell(.ready)
        #expect(notifier.watchdogInterval == nil)
    }
}
