import Foundation
import Reconciler

/// Who looks at a page, as far as the page shows it.
struct PageVisit: Sendable {
    /// What forms carry.
    let seal: String
    let canSignOut: Bool
}

/// What is around every page.
struct PageFrame: Sendable {
    let title: String
    let version: String
    let stylePath: String
    let scriptPath: String
    let iconPath: String
    let seal: String
    let canSignOut: Bool
    /// Whether the page shows the fleet, and is kept up to date.
    let isLive: Bool
    /// What is in the search box.
    var searchText = ""
    /// How the operations of those who are searched for may stand.
    private(set) var standings: [StandingChoice] = []

    struct StandingChoice: Sendable {
        let word: String
        let label: String
        let isChosen: Bool
    }

    mutating func chooseStanding(_ word: String?) {
        standings = DeviceQuery.Standing.allCases.map { standing in
            StandingChoice(
                word: standing.rawValue, label: standing.rawValue.replacing("-", with: " "),
                isChosen: standing.rawValue == word)
        }
    }
}

/// A point in time as a page tells it.
struct Moment: Sendable {
    /// For machines.
    let iso: String
    /// In full, in UTC.
    let full: String
    /// From now on.
    let words: String

    init(_ time: Timestamp, now: Timestamp) {
        iso = time.description
        full = time.inUTC
        let seconds = Int((now - time).wholeMilliseconds / 1000)
        let distance = Self.distance(abs(seconds))
        words = seconds >= 0 ? (seconds < 5 ? "just now" : "\(distance) ago") : "in \(distance)"
    }

    private static func distance(_ seconds: Int) -> String {
        switch seconds {
        case ..<90: "\(seconds) s"
        case ..<5400: "\((seconds + 30) / 60) min"
        case ..<172_800: "\((seconds + 1800) / 3600) h"
        default: "\(seconds / 86400) days"
        }
    }
}

extension Timestamp {
    /// `2026-11-23 20:41:00 UTC`.
    var inUTC: String { "\(description.prefix(19).replacing("T", with: " ")) UTC" }
}
