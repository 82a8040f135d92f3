/// Divides room that does not suffice for all.
enum FairShare {
    /// The share up to which everyone gets what they want, so that all of it fits into `room`: whoever wants less
    /// leaves the rest to the others.
    static func limit(_ wants: [Int], room: Int) -> Int {
        var room = room
        for (served, want) in wants.sorted().enumerated() {
            let share = room / (wants.count - served)
            if want > share { return share }
            room -= want
        }
        return .max
    }
}
