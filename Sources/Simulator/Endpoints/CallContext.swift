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
