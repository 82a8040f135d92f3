import Foundation

/// What comes of one attempt to take a connection that a listening socket holds.
enum ConnectionAcceptance: Equatable {
    case connection(CInt)
    /// Another attempt may take one at once.
    case interrupted
    case nothing
    /// The connection stays in the socket, which says so again at once: an attempt is of use only after a pause.
    case outOfResources

    /// How long to wait after `outOfResources`.
    static let pause = DispatchTimeInterval.milliseconds(50)

    init(of descriptor: CInt) {
        let connection = accept(descriptor, nil, nil)
        self = connection >= 0 ? .connection(connection) : Self(errorCode: errno)
    }

    init(errorCode: CInt) {
        switch errorCode {
        case EINTR, ECONNABORTED: self = .interrupted
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: self = .outOfResources
        default: self = .nothing
        }
    }

    /// Has a source handle no event for as long as the pause.
    static func pause(
        _ source: any DispatchSourceRead, for interval: DispatchTimeInterval = pause, on queue: DispatchQueue
    ) {
        // Made to be used from any thread, which its protocol does not say. It is resumed also after it was cancelled: a
        // source that is suspended must not be released.
        nonisolated(unsafe) let source = source
        source.suspend()
        queue.asyncAfter(deadline: .now() + interval) { source.resume() }
    }
}
