import Foundation
import Simulator
import Testing

@testable import Reconciler

@Suite("The simulator breaks connections as networks do")
struct ConnectionFaultTests {
    /// How a connection ends for the one who waits for an answer on it.
    private enum End: Equatable {
        /// FIN: the other side has nothing more to say.
        case closed
        /// RST, with the error that the next read gives.
        case error(Int32)
        case answered
    }

    /// Sends one call over a plain socket, since an HTTP client does not tell the two kinds of ends apart.
    private func end(of call: String, port: UInt16) async -> End {
        // A read that waits must not keep a thread from the simulator, which runs in this process.
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: Self.waitForEnd(of: call, port: port)) }
        }
    }

    private static func waitForEnd(of call: String, port: UInt16) -> End {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        guard connected == 0, send(descriptor, call, call.utf8.count, 0) == call.utf8.count else {
            return .error(errno)
        }
        var buffer = [UInt8](repeating: 0, count: 1024)
        switch recv(descriptor, &buffer, buffer.count, 0) {
        case 0: return .closed
        case 1...: return .answered
        default: return .error(errno)
        }
    }

    @Test(
        "a reset is a reset, before the carrier has taken the call and after it",
        arguments: [CarrierFault.resetBefore, .resetAfter, .closedBefore, .closedAfter])
    func resets(fault: CarrierFault) async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        let key = fleet.devices[0].key
        var options = SimulatorOptions()
        options.faults = [fault]
        options.faultRate = 1
        options.faultsPerDevice = 1
        try await Harness.withSimulator(Harness.inventory(fleet), options) { simulator, baseURL in
            let headers = try await Harness.signIn(baseURL)
            let body = """
                {"devices":[{"deviceIds":[{"kind":"eid","id":"\(key.eid)"},{"kind":"iccid","id":"\(key.iccid)"}]}],\
                "accountName":"\(Fleets.account)","smsrOid":"\(Fleets.smsr)"}
                """
            let lines =
                ["POST /api/m2m/v1/devices/profile/actions/download_enable HTTP/1.1", "Host: 127.0.0.1"]
                + headers.map { "\($0): \($1)" } + ["Content-Length: \(body.utf8.count)", "", body]
            let port = try #require(URL(string: baseURL)?.port)
            let call = lines.joined(separator: "\r\n")
            let ends = [await end(of: call, port: UInt16(port)), await end(of: call, port: UInt16(port))]
            let isReset = [.resetBefore, .resetAfter].contains(fault)
            #expect(ends == [isReset ? .error(ECONNRESET) : .closed, .answered])
            // The second call met no fault; a simulator of one device takes each download that is asked for.
            #expect(
                await simulator.counts.acceptedDevices["download_enable"] == (fault.isAfterAcceptance ? 2 : 1))
        }
    }
}
