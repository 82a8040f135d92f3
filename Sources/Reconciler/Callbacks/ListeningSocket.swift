import Foundation
import NIOCore
import Synchronization

/// A socket on which connections are listened for. Several processes may hold the same one: a connection goes to
/// whichever of them takes it first, and one that none has taken yet outlives the end of any of them but the last.
final class ListeningSocket: Sendable {
    let port: Int
    private let descriptor: Mutex<CInt?>

    /// - Parameters:
    ///   - host: an address, or a name of this machine.
    ///   - port: 0 for one that the system chooses.
    /// - Throws: `IOError`, and what looking a name up throws.
    convenience init(host: String, port: Int) throws {
        let address = try SocketAddress.makeAddressResolvingHost(host, port: port)
        let family = address.protocol == .inet6 ? AF_INET6 : AF_INET
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = try Self.checked(socket(family, kind, 0), "socket")
        do {
            var yes: Int32 = 1
            // Connections that have just ended must not keep the next process from the address.
            try Self.checked(
                setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size)),
                "setsockopt")
            try Self.checked(address.withSockAddr { bind(descriptor, $0, socklen_t($1)) }, "bind")
            try Self.checked(listen(descriptor, Int32(ListenerLimits.backlog)), "listen")
        } catch {
            Foundation.close(descriptor)
            throw error
        }
        try self.init(descriptor: descriptor)
    }

    /// - Parameter descriptor: of a socket that listens; it is closed with this object.
    /// - Throws: `IOError`
    init(descriptor: CInt) throws {
        do {
            var listens: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            try Self.checked(getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length), "getsockopt")
            guard listens != 0 else { throw IOError(errnoCode: EINVAL, reason: "listen") }
            port = try Self.port(of: descriptor)
        } catch {
            Foundation.close(descriptor)
            throw error
        }
        self.descriptor = Mutex(descriptor)
    }

    deinit { close() }

    func close() {
        let open = descriptor.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
        if let open { Foundation.close(open) }
    }

    /// Gives another descriptor of the socket, which the caller closes.
    /// - Throws: `IOError`
    func duplicate() throws -> CInt {
        try Self.checked(withDescriptor { fcntl($0, F_DUPFD_CLOEXEC, 0) } ?? -1, "dup")
    }

    /// - Returns: `nil` if the socket is closed.
    func withDescriptor<Result: Sendable>(_ work: (CInt) -> Result) -> Result? {
        descriptor.withLock { descriptor -> Result? in
            guard let descriptor else { return nil }
            return work(descriptor)
        }
    }

    private static func port(of descriptor: CInt) throws -> Int {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return try withUnsafeMutablePointer(to: &storage) { pointer in
            _ = try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try checked(getsockname(descriptor, $0, &length), "getsockname")
            }
            // The port stands at the same place for both families.
            return try pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                guard [AF_INET, AF_INET6].contains(Int32(address.pointee.sin_family)) else {
                    throw IOError(errnoCode: EAFNOSUPPORT, reason: "getsockname")
                }
                return Int(UInt16(bigEndian: address.pointee.sin_port))
            }
        }
    }

    @discardableResult
    private static func checked(_ result: CInt, _ call: String) throws -> CInt {
        guard result >= 0 else { throw IOError(errnoCode: errno, reason: call) }
        return result
    }
}
