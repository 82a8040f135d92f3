import Foundation
import Hummingbird
import NIOCore

/// What a call comes with: the connection, so that a fault can close it.
struct CallContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let connection: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        connection = source.channel
    }
}

/// Ends an answer in its middle: the server closes the connection when the writer of a body throws.
struct AnswerCutOff: Error {}

extension Channel {
    /// Closes the connection with RST instead of FIN: nothing that is still under way arrives.
    func reset() async throws {
        try await (self as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try await close()
    }
}
