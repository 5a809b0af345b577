Feature: Subscribers whom the gateway cannot know
  The network tells the gateway who holds which address. It may tell late, wrongly or not at all.

  Rule: Where the gateway cannot know the subscriber, no number goes out

    Example: A handset that nobody holds gets no number
      Given handsets that belong to no subscriber
      When they visit the permitted sites and ordinary ones
      Then no site has received anything that tells who is calling

    Example: A subscriber who has hung up is forgotten at once
      Given subscribers who have agreed that permitted sites may know their numbers
      When some of them hang up and their handsets go on visiting
      Then no site has received anything that tells who is calling

    @trouble
    Scenario Outline: While the list of subscribers is <trouble> no number goes out
      Given subscribers who have agreed that permitted sites may know their numbers
      When they visit permitted and ordinary sites while the list of subscribers is <trouble>
      Then no site has received anything that tells who is calling

      Examples: What can befall the list of subscribers
        | trouble     |
        | unreachable |
        | silent      |
        | failing     |
        | incomplete  |
        | wrong       |

    @trouble
    Scenario Outline: While the list of subscribers is <trouble> nobody gets another's number
      Given subscribers who have agreed that permitted sites may know their numbers
      When they visit permitted and ordinary sites while the list of subscribers is <trouble>
      Then nobody has learned anything that the policy does not grant

      Examples: What a gateway may wait for
        | trouble |
        | late    |

    @trouble
    Scenario Outline: While the list of subscribers is <trouble> each site learns only what it may
      Given subscribers who have agreed that permitted sites may know their numbers
      When they go on visiting sites of all kinds while the list of subscribers is <trouble>
      Then nobody has learned anything that the policy does not grant

      Examples: What a gateway may live through by asking again
        | trouble    |
        | hanging up |

  Rule: An address is known by the subscriber who holds it now

    @permitted_sites
    Example: An address that has passed to another subscriber brings the new one's number
      Given addresses that have just passed to other subscribers
      When they visit the permitted sites
      Then each site has received its visitor's own number, once, and nothing more
