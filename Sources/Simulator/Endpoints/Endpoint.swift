/// The calls that the simulator knows, told by method and path. Source: `thingspace.md`.
enum Endpoint: Hashable {
    case token
    case login
    case logout
    case action(ProfileActionName)
    case deviceListV1
    case deviceListV2
    case callbacks(account: String)
    case callback(account: String, service: String)
    case requestStatus(account: String, requestID: String)
    /// The simulator's own, without sign-in.
    case counts
    case devices
    case setDevice(iccid: String)
    case drift
    case lists
    case people

    init?(method: String, path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        switch (method, parts) {
        case ("POST", ["api", "ts", "v1", "oauth2", "token"]): self = .token
        case ("POST", ["api", "m2m", "v1", "session", "login"]): self = .login
        case ("POST", ["api", "m2m", "v1", "session", "logout"]): self = .logout
        case ("POST", ["api", "m2m", "v1", "devices", "actions", "list"]): self = .deviceListV1
        case ("POST", ["api", "m2m", "v2", "devices", "actions", "list"]): self = .deviceListV2
        case ("GET", ["simulator", "counts"]): self = .counts
        case ("GET", ["simulator", "devices"]): self = .devices
        case ("POST", ["simulator", "drift"]): self = .drift
        case ("POST", ["simulator", "lists"]): self = .lists
        case ("POST", ["simulator", "people"]): self = .people
        default:
            guard let endpoint = Self(method: method, parts: parts) else { return nil }
            self = endpoint
        }
    }

    private init?(method: String, parts: [String]) {
        if method == "POST", parts.count == 7,
            parts.prefix(6) == ["api", "m2m", "v1", "devices", "profile", "actions"],
            let action = ProfileActionName(rawValue: parts[6])
        {
            self = .action(action)
        } else if ["POST", "GET"].contains(method), parts.count == 5,
            parts.prefix(4) == ["api", "m2m", "v1", "callbacks"]
        {
            self = .callbacks(account: parts[4].removingPercentEncoding ?? parts[4])
        } else if method == "DELETE", parts.count == 7, parts.prefix(4) == ["api", "m2m", "v1", "callbacks"],
            parts[5] == "name"
        {
            self = .callback(account: parts[4].removingPercentEncoding ?? parts[4], service: parts[6])
        } else if method == "GET", parts.count == 8, parts.prefix(4) == ["api", "m2m", "v2", "accounts"],
            parts[5] == "requests", parts[7] == "status"
        {
            self = .requestStatus(account: parts[4].removingPercentEncoding ?? parts[4], requestID: parts[6])
        } else if method == "POST", parts.count == 3, parts.prefix(2) == ["simulator", "devices"] {
            self = .setDevice(iccid: parts[2])
        } else {
            return nil
        }
    }
}
