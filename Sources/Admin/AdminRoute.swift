import Foundation
import HTTPTypes
import Reconciler

/// What can be asked for, by its path.
enum AdminRoute: Hashable, Sendable {
    case fleet
    case devices
    case device(String)
    case signIn
    case signOut
    case pause
    case resume
    case events
    case asset(String)
    case health
    case readiness
    case metrics
    case api(APIRoute)

    /// What the JSON API tells of.
    enum APIRoute: Hashable, Sendable {
        case document
        case status
        case profileSets
        case profileSet(String)
        case rollouts
        case failures
        case accounts
        case pauses
        case history
        case devices
        case device(String)
    }

    /// `nil` if there is nothing under the path.
    init?(path: String) {
        let encoded = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        let parts = encoded.compactMap { String($0).removingPercentEncoding }
        guard parts.count == encoded.count else { return nil }
        switch (parts.count, parts.first) {
        case (1, ""): self = .fleet
        case (1, "devices"): self = .devices
        case (2, "devices"): self = .device(parts[1])
        case (1, "login"): self = .signIn
        case (1, "logout"): self = .signOut
        case (1, "pause"): self = .pause
        case (1, "resume"): self = .resume
        case (1, "events"): self = .events
        case (2, "assets"): self = .asset(parts[1])
        case (1, "healthz"): self = .health
        case (1, "readyz"): self = .readiness
        case (1, "metrics"): self = .metrics
        case (3..., "api"):
            guard parts[1] == "v1", let route = APIRoute(Array(parts[2...])) else { return nil }
            self = .api(route)
        default: return nil
        }
    }

    var methods: [HTTPRequest.Method] {
        switch self {
        case .signIn: [.get, .head, .post]
        case .signOut, .pause, .resume: [.post]
        default: [.get, .head]
        }
    }

    /// Whether it is there for everybody: what tells nothing of the fleet.
    var isOpen: Bool {
        switch self {
        case .health, .readiness, .asset, .signIn: true
        default: false
        }
    }

    /// Whether it is asked for by a person's browser, which is shown pages instead of JSON.
    var isPage: Bool {
        switch self {
        case .fleet, .devices, .device, .signIn, .signOut, .pause, .resume: true
        case .events, .asset, .health, .readiness, .metrics, .api: false
        }
    }
}

extension AdminRoute.APIRoute {
    fileprivate init?(_ parts: [String]) {
        switch (parts.count, parts[0]) {
        case (1, "openapi.json"): self = .document
        case (1, "status"): self = .status
        case (1, "profile-sets"): self = .profileSets
        case (2, "profile-sets"): self = .profileSet(parts[1])
        case (1, "rollouts"): self = .rollouts
        case (1, "failures"): self = .failures
        case (1, "accounts"): self = .accounts
        case (1, "pauses"): self = .pauses
        case (1, "history"): self = .history
        case (1, "devices"): self = .devices
        case (2, "devices"): self = .device(parts[1])
        default: return nil
        }
    }
}
