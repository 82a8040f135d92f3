/// Numbered pieces of work that are done ahead, several at the same time, while their results are taken in order.
struct ReadAhead<Value: Sendable> {
    private struct Numbered: Sendable {
        let number: Int
        let value: Value
    }

    private var group: TaskGroup<Numbered>
    private let count: Int
    private let ahead: Int
    private let work: @Sendable (Int) async -> Value
    private var started = 0
    private var early: [Int: Value] = [:]

    /// - Parameters:
    ///   - count: how many pieces there are.
    ///   - ahead: how many pieces are begun before the first of them is taken.
    static func over<Result: Sendable>(
        _ count: Int, ahead: Int, work: @escaping @Sendable (Int) async -> Value,
        take: (inout ReadAhead) async -> Result
    ) async -> Result {
        await withTaskGroup(of: Numbered.self) { group in
            var tasks = ReadAhead(group: group, count: count, ahead: ahead, work: work)
            tasks.start(upTo: ahead)
            let result = await take(&tasks)
            group.cancelAll()
            return result
        }
    }

    private init(
        group: TaskGroup<Numbered>, count: Int, ahead: Int, work: @escaping @Sendable (Int) async -> Value
    ) {
        self.group = group
        self.count = count
        self.ahead = ahead
        self.work = work
    }

    private mutating func start(upTo number: Int) {
        while started < min(number, count) {
            group.addTask { [started, work] in Numbered(number: started, value: await work(started)) }
            started += 1
        }
    }

    /// The result of a piece; those before it that nobody has taken are thrown away.
    mutating func take(_ number: Int) async -> Value? {
        start(upTo: number + 1 + ahead)
        early = early.filter { $0.key >= number }
        while early[number] == nil, let next = await group.next() {
            if next.number >= number { early[next.number] = next.value }
        }
        return early.removeValue(forKey: number)
    }
}
