/// How often in a row the carrier refused a credential.
public struct SignInRecord: Hashable, Sendable {
    /// A digest that names the credential and does not give it away.
    public let credential: String
    /// A digest that names the user or the key, whatever the secret; empty in records that knew none.
    public let contact: String
    public var refusals: Int
    /// When the first of these refusals came.
    public var since: Timestamp?
    /// When the last change of this record came.
    public var at: Timestamp
    /// When the carrier accepted it last; `nil` if it never did, or has refused it since.
    public var acceptedAt: Timestamp?

    public init(
        credential: String, contact: String = "", refusals: Int, since: Timestamp? = nil, at: Timestamp,
        acceptedAt: Timestamp? = nil
    ) {
        self.credential = credential
        self.contact = contact
        self.refusals = refusals
        self.since = since
        self.at = at
        self.acceptedAt = acceptedAt
    }
}

/// The user or the key with which we sign in, whatever its secret: what the carrier locks after refusals in a row.
public struct SignInContact: Hashable, Sendable {
    /// A sign-in that is under way.
    public struct Attempt: Hashable, Sendable {
        /// Who makes it: the text of a `ProcessIdentity`.
        public let by: String
        /// When it is over, whatever came of it.
        public let until: Timestamp

        public init(by: String, until: Timestamp) {
            self.by = by
            self.until = until
        }
    }

    public let contact: String
    /// Refusals since the last success.
    public var refusals: Int
    /// Sign-ins since the last success whose answer nobody knows: each may have been refused.
    public var unanswered: Int
    /// When the first of them came.
    public var since: Timestamp?
    public var attempt: Attempt?

    public init(
        contact: String, refusals: Int = 0, unanswered: Int = 0, since: Timestamp? = nil, attempt: Attempt? = nil
    ) {
        self.contact = contact
        self.refusals = refusals
        self.unanswered = unanswered
        self.since = since
        self.attempt = attempt
    }
}
