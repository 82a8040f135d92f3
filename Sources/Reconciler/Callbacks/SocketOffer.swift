import Crypto
import Foundation

/// By what a process asks another one of this machine for its listening socket.
///
/// A name of Linux's abstract name space, in which nothing stays behind when a process is killed. It is made from what
/// only those know who can read the store, so that no stranger can offer a socket under it, and from all that decides
/// what a listener does with a call: who would do something else with it finds nothing.
struct SocketOfferName: Sendable {
    /// As the system is told it, behind the zero byte that such names begin with.
    private let text: String

    /// - Parameter parts: in the order in which both sides know them.
    init(_ parts: [String]) {
        var hash = SHA256()
        for part in parts {
            hash.update(data: Data("\(part.utf8.count) \(part)".utf8))
        }
        text = "profilectl-listener-" + hash.finalize().prefix(20).map { String(format: "%02x", $0) }.joined()
    }

    fileprivate func withAddress(_ call: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { path in
            for (index, byte) in text.utf8.prefix(path.count - 1).enumerated() { path[index + 1] = byte }
        }
        // The length counts: the name has no end of its own.
        let length = MemoryLayout.offset(of: \sockaddr_un.sun_path).map { $0 + 1 + text.utf8.count } ?? 0
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, socklen_t(length)) }
        }
    }
}

/// Gives the listening socket of this process to others, as long as it lives.
final class SocketOffer: Sendable {
    // Made to be used from any thread, which its protocol does not say.
    private nonisolated(unsafe) let source: any DispatchSourceRead

    /// - Returns: `nil` if the system does not allow it; others listen when this process has ended then.
    init?(_ socket: ListeningSocket, as name: SocketOfferName) {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let door = Foundation.socket(AF_UNIX, kind, 0)
        guard door >= 0 else { return nil }
        guard name.withAddress({ bind(door, $0, $1) }) == 0, listen(door, 16) == 0 else {
            close(door)
            return nil
        }
        let queue = DispatchQueue(label: "profilectl.listener")
        nonisolated(unsafe) let source = DispatchSource.makeReadSource(fileDescriptor: door, queue: queue)
        self.source = source
        source.setEventHandler {
            while true {
                switch ConnectionAcceptance(of: door) {
                case .connection(let visitor):
                    if isOfThisUser(visitor) { _ = socket.withDescriptor { send($0, over: visitor) } }
                    close(visitor)
                case .interrupted: continue
                case .nothing: return
                case .outOfResources:
                    return ConnectionAcceptance.pause(source, on: queue)
                }
            }
        }
        source.setCancelHandler { close(door) }
        source.resume()
    }

    deinit { source.cancel() }

    /// Asks a process for its socket.
    /// - Returns: `nil` if nobody gives one within a second.
    static func take(_ name: SocketOfferName) async -> ListeningSocket? {
        await withCheckedContinuation { continuation in
            // The other process may be stopped, and the threads that all tasks share are not for waiting.
            DispatchQueue.global().async { continuation.resume(returning: ask(name)) }
        }
    }

    private static func ask(_ name: SocketOfferName) -> ListeningSocket? {
        let line = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard line >= 0 else { return nil }
        defer { close(line) }
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(line, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
        guard name.withAddress({ connect(line, $0, $1) }) == 0, isOfThisUser(line) else { return nil }
        return receive(over: line).flatMap { try? ListeningSocket(descriptor: $0) }
    }
}

/// Whether who is at the other end runs under the same user.
private func isOfThisUser(_ line: CInt) -> Bool {
    // Process, user and group, as Linux tells them.
    var peer: (Int32, uid_t, gid_t) = (0, uid_t.max, gid_t.max)
    var length = socklen_t(MemoryLayout.size(ofValue: peer))
    return getsockopt(line, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.1 == geteuid()
}

// A descriptor travels beside at least one byte, in a control message: its head, then the number, filled up to a
// multiple of eight bytes.
private let headSize = MemoryLayout<cmsghdr>.size
private let controlSize = headSize + 8

private func withMessage<Result>(
    _ control: UnsafeMutableRawPointer, _ work: (UnsafeMutablePointer<msghdr>) -> Result
) -> Result {
    var byte: UInt8 = 0
    return withUnsafeMutablePointer(to: &byte) { bytes in
        var piece = iovec(iov_base: bytes, iov_len: 1)
        return withUnsafeMutablePointer(to: &piece) { pieces in
            var message = msghdr()
            message.msg_iov = pieces
            message.msg_iovlen = 1
            message.msg_control = control
            message.msg_controllen = controlSize
            return work(&message)
        }
    }
}

private func send(_ descriptor: CInt, over line: CInt) -> Bool {
    let control = UnsafeMutableRawPointer.allocate(byteCount: controlSize, alignment: MemoryLayout<cmsghdr>.alignment)
    defer { control.deallocate() }
    control.initializeMemory(as: UInt8.self, repeating: 0, count: controlSize)
    var head = cmsghdr()
    head.cmsg_len = headSize + MemoryLayout<CInt>.size
    head.cmsg_level = SOL_SOCKET
    head.cmsg_type = Int32(SCM_RIGHTS)
    control.storeBytes(of: head, as: cmsghdr.self)
    control.storeBytes(of: descriptor, toByteOffset: headSize, as: CInt.self)
    return withMessage(control) { sendmsg(line, $0, Int32(MSG_NOSIGNAL)) } == 1
}

private func receive(over line: CInt) -> CInt? {
    let control = UnsafeMutableRawPointer.allocate(byteCount: controlSize, alignment: MemoryLayout<cmsghdr>.alignment)
    defer { control.deallocate() }
    control.initializeMemory(as: UInt8.self, repeating: 0, count: controlSize)
    let isReceived = withMessage(control) { message in
        recvmsg(line, message, Int32(MSG_CMSG_CLOEXEC)) == 1
            && message.pointee.msg_controllen >= headSize + MemoryLayout<CInt>.size
    }
    let head = control.load(as: cmsghdr.self)
    guard isReceived, head.cmsg_level == SOL_SOCKET, head.cmsg_type == Int32(SCM_RIGHTS) else { return nil }
    return control.load(fromByteOffset: headSize, as: CInt.self)
}
