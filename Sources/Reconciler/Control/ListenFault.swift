import Foundation
import NIOCore

/// Why an address cannot be listened on, with what to do.
package enum ListenFault {
    /// - Parameters:
    ///   - address: as it is written in settings.
    ///   - setting: where another one is written.
    package static func explain(_ error: any Error, address: String, setting: String) -> String {
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE: inUse(address, setting, by: port(of: address).flatMap { PortHolder.find(port: $0) })
        case EADDRNOTAVAIL:
            "this machine does not have the address of \(address). Set one that it has with \(setting); 0.0.0.0 stands for "
                + "all."
        case EACCES:
            "this user may not listen on \(address). Set a port from 1024 on with \(setting), or allow the process to use "
                + "lower ones (CAP_NET_BIND_SERVICE)."
        default:
            "\("\(error)".excerpt(limit: 200)). Check \(setting), which is \(address), and the certificate if there is one."
        }
    }

    /// - Parameter holder: the process that listens there, where the system shows it.
    static func inUse(_ address: String, _ setting: String, by holder: PortHolder?) -> String {
        guard let holder else {
            return "another process listens on \(address). End that process, or set another port with \(setting)."
        }
        let advice =
            holder.isStopped
            ? "Let it go on (`kill -CONT \(holder.processID)`) or end it (`kill -KILL \(holder.processID)`)"
            : "End that process"
        return "another process listens on \(address): \(holder). \(advice), or set another port with \(setting)."
    }

    private static func port(of address: String) -> Int? {
        address.split(separator: ":").last.flatMap { Int($0) }.flatMap { 1...65535 ~= $0 ? $0 : nil }
    }
}
