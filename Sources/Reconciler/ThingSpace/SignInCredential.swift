/// Names a credential without giving it away, so that its refusals can be counted.
public struct SignInCredential: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        /// The application's key.
        case client
        /// The user of the UWS.
        case user

        /// The variables that hold it.
        var variables: String {
            switch self {
            case .client: "THINGSPACE_CLIENT_ID and THINGSPACE_CLIENT_SECRET"
            case .user: "THINGSPACE_USERNAME and THINGSPACE_PASSWORD"
            }
        }

        /// The kind that a digest begins with.
        init?(digest: String) {
            self.init(rawValue: String(digest.prefix { $0 != " " }))
        }
    }

    let kind: Kind
    /// A digest of the name and the secret: another one after a change of the secret.
    let digest: String
    /// A digest of the name alone.
    let contact: String
}
