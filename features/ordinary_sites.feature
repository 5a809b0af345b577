Feature: Ordinary sites learn nothing
  Every site that the policy does not name is an ordinary site. In January 2012 every ordinary
  site learned every visitor's number for two weeks.

  Rule: Nobody outside the policy learns who is calling

    Background:
      Given subscribers who have agreed that permitted sites may know their numbers

    Example: A well-known site that is not on the list learns nothing
      When they visit ordinary sites
      Then nobody has learned anything that the policy does not grant

    @permitted_sites
    Example: A site whose name resembles a permitted one learns nothing
      When they visit sites whose names resemble the permitted ones
      Then nobody has learned anything that the policy does not grant

    @permitted_sites
    Example: A permitted site's other pages and doors learn nothing
      When they visit places beside the permitted ones
      Then nobody has learned anything that the policy does not grant

    @permitted_sites
    Example: A request that names two sites betrays nobody to either
      When they send requests that name two sites at once
      Then nobody has learned anything that the policy does not grant

    @permitted_sites
    Example: Each of the sites on one connection learns only what it may
      When they visit permitted and ordinary sites in turn without hanging up
      Then nobody has learned anything that the policy does not grant
