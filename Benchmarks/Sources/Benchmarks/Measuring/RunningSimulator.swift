import Foundation
import FoundationNetworking

/// `profilectl simulate` as a process of its own, which answers at once and calls back at once.
final class RunningSimulator {
    let port: Int
    private let process = Process()

    /// What it takes for right, and what callbacks carry.
    static let secrets = [
        "THINGSPACE_CLIENT_ID": "simulator-key", "THINGSPACE_CLIENT_SECRET": "simulator-secret",
        "THINGSPACE_USERNAME": "simulator-user", "THINGSPACE_PASSWORD": "simulator-password",
        "PROFILECTL_CALLBACK_USERNAME": "profilectl", "PROFILECTL_CALLBACK_PASSWORD": "bench",
    ]

    /// Returns once it can be called.
    init(yaml: String) throws {
        process.executableURL = URL(fileURLWithPath: Tools.profilectl)
        process.arguments = [
            "simulate", yaml, "--listen", "127.0.0.1:0", "--any-callback-port", "--callback-delay", "0s",
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var line = Data()
        while !line.contains(UInt8(ascii: "\n")) {
            let part = output.fileHandleForReading.availableData
            guard !part.isEmpty else { break }
            line += part
        }
        let text = String(decoding: line, as: UTF8.self)
        guard let number = text.split(separator: ":").last?.prefix(while: \.isNumber), let port = Int(number) else {
            process.terminate()
            throw BenchmarkError("the simulator does not run: \(text)")
        }
        self.port = port
    }

    /// What it has counted, as JSON.
    func counts() async throws -> [String: Any] {
        guard let url = URL(string: "http://127.0.0.1:\(port)/simulator/counts"),
            let counts = try JSONSerialization.jsonObject(with: try await URLSession.shared.data(from: url).0)
                as? [String: Any]
        else { throw BenchmarkError("the simulator does not tell what it has counted") }
        return counts
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
    }
}
