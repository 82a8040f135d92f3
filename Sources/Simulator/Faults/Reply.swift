/// An answer and the way it takes to the client.
struct Reply: Sendable {
    enum Ending: Sendable {
        case whole
        /// The connection closes after half of the body.
        case cutOff
        /// The connection closes before the first byte.
        case nothing
        /// Nothing comes behind half of the body for as long as the delay; then the connection closes.
        case stalled
        /// The body comes byte by byte over the delay.
        case trickling
        /// The body is in gzip.
        case gzip
        /// The connection is reset before the first byte, as by a firewall or a server that has died.
        case reset
    }

    let answer: Answer
    /// How long it is held back, in seconds.
    let delay: Double
    let ending: Ending

    init(_ answer: Answer, delay: Double = 0, ending: Ending = .whole) {
        self.answer = answer
        self.delay = delay
        self.ending = ending
    }
}
